// Spans, rows and chats for tests: only what a test cares about is given.
import type { Chat, Message, Part } from "@/model/conversation";
import type { Chunk } from "@/model/stream";
import { spanKind } from "@/model/spanKind";
import type { Span, TraceRow } from "@/model/trace";

export const MS = 1e6;

export function span(id: string, parentId: string | null, type: string, startMs: number, durationMs: number, more: Partial<Span> = {}): Span {
  return {
    id,
    parentId,
    name: id,
    kind: spanKind(type),
    type,
    status: "OK",
    error: null,
    startNs: BigInt(startMs) * 1_000_000n,
    durationNs: durationMs * MS,
    model: null,
    usage: null,
    firstTokenNs: null,
    isStream: false,
    finishReason: null,
    vendor: null,
    responseModel: null,
    costUsd: null,
    costReason: null,
    ...more,
  };
}

export function row(id: string, startMs: number, more: Partial<TraceRow> = {}): TraceRow {
  return {
    id,
    experimentId: "1",
    name: "answer",
    status: "OK",
    startNs: BigInt(startMs) * 1_000_000n,
    durationNs: 1000 * MS,
    spanCount: 1,
    error: null,
    models: [],
    usage: { input: null, output: null, total: null, cacheRead: null, cacheWrite: null },
    firstTokenNs: null,
    attempts: 1,
    asked: null,
    answered: null,
    tools: [],
    sessionId: null,
    userId: null,
    tags: {},
    costUsd: null,
    isCostPartial: false,
    costReason: null,
    state: "COMPLETE",
    ...more,
  };
}

export const text = (content: string): Part => ({ type: "text", content });
export const call = (id: string | null, name: string, args: unknown = {}): Part => ({ type: "tool_call", id, name, arguments: args });
export const result = (id: string | null, response: unknown, status?: string): Part => ({ type: "tool_call_response", id, response, status });

export const message = (role: string, ...parts: Part[]): Message => ({ role, parts, finishReason: null });

export function chat(messages: Message[], output: Message[] = [], more: Partial<Chat> = {}): Chat {
  return { system: [], messages, output, tools: [], parameters: {}, ...more };
}

export function chunk(index: number, offsetMs: number, more: Partial<Chunk> = {}): Chunk {
  return { index, offsetNs: offsetMs * MS, type: "contentBlockDelta", blockIndex: 0, text: `w${index} `, kind: "text", sizeBytes: 20, data: {}, ...more };
}
