// Spans that come in columns, as the page's own. Texts are shared: thousands of spans have few names.
import { spanKind } from "@/model/spanKind";
import type { Span, Status, Usage } from "@/model/trace";
import type { components } from "./generated/schema";

type Outline = components["schemas"]["SpanOutline"];

const DIGITS = 16;
const NONE = "0".repeat(DIGITS);
const at = (ids: string, place: number): string => ids.slice(place * DIGITS, (place + 1) * DIGITS);

export function readOutline(raw: Outline): Span[] {
  const base = BigInt(raw.base_time_ns);
  const word = (place: number | undefined): string => raw.words[place ?? -1] ?? "";
  return raw.names.map((name, i) => {
    const parentId = at(raw.parent_ids, i);
    const type = word(raw.types[i]);
    const model = raw.models[i];
    const error = raw.errors[i];
    const firstTokenNs = raw.first_chunks_ns[i] ?? null;
    return {
      id: at(raw.span_ids, i),
      parentId: parentId === NONE ? null : parentId,
      name: word(name),
      kind: spanKind(type),
      type,
      status: word(raw.statuses[i]) as Status,
      error: typeof error === "number" ? (raw.failures[error] ?? null) : null,
      startNs: base + BigInt(raw.start_offsets_ns[i] ?? 0),
      durationNs: raw.durations_ns[i] ?? 0,
      model: typeof model === "number" ? word(model) : null,
      usage: usageOf(raw.input_tokens[i] ?? null, raw.output_tokens[i] ?? null),
      firstTokenNs,
      isStream: firstTokenNs !== null,
      // What only the span's own view shows comes with its payload.
      finishReason: null,
      vendor: null,
      responseModel: null,
      costUsd: raw.costs_usd[i] ?? null,
      costReason: null,
    };
  });
}

function usageOf(input: number | null, output: number | null): Usage | null {
  if (input === null && output === null) return null;
  return { input, output, total: null, cacheRead: null, cacheWrite: null };
}
