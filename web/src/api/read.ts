// The API's shapes turned into the page's own: snake case ends here, and nanosecond strings become numbers.
import { plainWords } from "@/lib/plainWords";
import { spanKind } from "@/model/spanKind";
import type { Chat, Message } from "@/model/conversation";
import type { PayloadPart } from "@/model/payloadParts";
import type { SpanEvent } from "@/model/spanEvents";
import type { Chunk, Stream } from "@/model/stream";
import type { CostParts, CostReason, Experiment, Span, Trace, TraceRow, Usage } from "@/model/trace";
import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export interface SpanPayload {
  span: Span;
  inputs: unknown;
  outputs: unknown;
  chat: Chat | null;
  stream: Stream | null;
  events: readonly SpanEvent[];
  attributes: Readonly<Record<string, unknown>>;
  /** The provider's own token counts, and by which rule `usage.input` came from them. */
  rawUsage: Readonly<Record<string, unknown>>;
  usageRule: string | null;
  cost: CostParts | null;
  costReason: CostReason | null;
  /** Members of which a part is missing here, since they are too large for one answer. */
  cutMembers: readonly string[];
  parts: readonly PayloadPart[];
}

export function readExperiment(raw: Schemas["Experiment"]): Experiment {
  return {
    id: raw.experiment_id,
    name: raw.name,
    createdNs: BigInt(raw.created_at_ns),
    traceCount: raw.trace_count,
    errorCount: raw.error_count,
    lastTraceNs: raw.last_trace_at_ns === null ? null : BigInt(raw.last_trace_at_ns),
    description: raw.description,
    isArchived: raw.archived_at_ns !== null,
    formerNames: raw.former_names,
  };
}

export function readUsage(raw: Schemas["Usage"]): Usage {
  return {
    input: raw.input_tokens,
    output: raw.output_tokens,
    total: raw.total_tokens,
    cacheRead: raw.cache_read_input_tokens,
    cacheWrite: raw.cache_write_input_tokens,
  };
}

export function readTraceRow(raw: Schemas["TraceSummary"]): TraceRow {
  return {
    id: raw.trace_id,
    experimentId: raw.experiment_id,
    name: raw.name,
    status: raw.status,
    startNs: BigInt(raw.start_time_ns),
    durationNs: raw.duration_ns,
    spanCount: raw.span_count,
    error: raw.error,
    models: raw.models,
    usage: readUsage(raw.usage),
    firstTokenNs: raw.time_to_first_chunk_ns,
    attempts: raw.attempts,
    asked: raw.request_preview && plainWords(raw.request_preview),
    answered: raw.response_preview && plainWords(raw.response_preview),
    tools: raw.tools,
    sessionId: raw.session_id,
    userId: raw.user_id,
    tags: raw.tags,
    costUsd: raw.cost_usd,
    isCostPartial: raw.cost_is_partial,
    costReason: raw.cost_reason,
    state: raw.state,
  };
}

export function readSpan(raw: Schemas["SpanSummary"]): Span {
  return {
    id: raw.span_id,
    parentId: raw.parent_id,
    name: raw.name,
    kind: spanKind(raw.span_type),
    type: raw.span_type,
    status: raw.status,
    error: raw.error,
    startNs: BigInt(raw.start_time_ns),
    durationNs: raw.duration_ns,
    model: raw.model,
    usage: raw.usage && readUsage(raw.usage),
    firstTokenNs: raw.time_to_first_chunk_ns,
    isStream: raw.is_stream,
    finishReason: raw.finish_reason,
    vendor: raw.vendor,
    responseModel: raw.response_model,
    costUsd: raw.cost_usd,
    costReason: raw.cost_reason,
  };
}

export function readTrace(raw: Schemas["TraceDetail"]): Trace {
  return {
    row: readTraceRow(raw.info),
    experimentName: raw.experiment_name,
    resource: raw.resource,
    spans: raw.spans.map(readSpan),
    areSpansCut: raw.spans_are_cut,
  };
}

const readMessage = (raw: Schemas["ChatMessage"]): Message => ({
  role: raw.role,
  parts: raw.parts,
  finishReason: raw.finish_reason ?? null,
});

function readChat(raw: Schemas["Chat"]): Chat {
  return {
    system: raw.system,
    messages: raw.messages.map(readMessage),
    output: raw.output.map(readMessage),
    tools: raw.tools.map((tool) => ({ name: tool.name, description: tool.description, parameters: tool.parameters })),
    parameters: raw.parameters,
  };
}

const readChunk = (raw: Schemas["StreamChunk"]): Chunk => ({
  index: raw.index,
  offsetNs: raw.offset_ns,
  type: raw.type,
  blockIndex: raw.block_index,
  text: raw.text,
  kind: raw.kind,
  sizeBytes: raw.size_bytes,
  data: raw.data,
});

const readCost = (raw: Schemas["Cost"]): CostParts => ({
  usd: raw.usd,
  input: raw.input,
  output: raw.output,
  cacheRead: raw.cache_read,
  cacheWrite: raw.cache_write,
  source: raw.source,
  model: raw.model,
});

export function readPayload(raw: Schemas["SpanDetail"]): SpanPayload {
  return {
    span: readSpan(raw.span),
    inputs: raw.inputs,
    outputs: raw.outputs,
    chat: raw.chat && readChat(raw.chat),
    stream: raw.stream && { outcome: raw.stream.outcome, endReason: raw.stream.end_reason, chunks: raw.stream.chunks.map(readChunk) },
    events: raw.events.map((event) => ({ name: event.name, timeNs: BigInt(event.time_ns), attributes: event.attributes })),
    attributes: raw.attributes,
    rawUsage: raw.raw_usage,
    usageRule: raw.usage_rule,
    cost: raw.cost && readCost(raw.cost),
    costReason: raw.cost_reason,
    cutMembers: raw.cut_members,
    parts: raw.payload_parts.map((part) => ({ name: part.name, sizeBytes: part.size_bytes, contentType: part.content_type, path: part.path, isDerived: part.is_derived })),
  };
}
