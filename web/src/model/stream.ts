// How a streamed answer arrived: gaps, stalls, the first token, and the text as it grew together.
import { median } from "./median";

export type ChunkKind = "text" | "reasoning" | "tool_input" | "other";

export interface Chunk {
  index: number;
  offsetNs: number;
  type: string;
  blockIndex: number | null;
  text: string | null;
  kind: ChunkKind;
  sizeBytes: number;
  data: unknown;
}

export interface Stream {
  outcome: string;
  endReason: string;
  chunks: readonly Chunk[];
}

export interface ChunkRow {
  chunk: Chunk;
  sinceFirstNs: number;
  /** Time since the chunk before; null for the first. */
  gapNs: number | null;
  isStall: boolean;
}

export interface Arrival {
  rows: readonly ChunkRow[];
  /** The first chunk that carries content, from the span's start. */
  firstTokenNs: number | null;
  medianGapNs: number;
  longestGapNs: number;
  stalls: number;
}

const STALL_TIMES = 3;
// Chunks that came in one packet have gaps of microseconds; three times that is no stall.
const STALL_FLOOR_NS = 10e6;

export function arrival(chunks: readonly Chunk[]): Arrival {
  const gaps = chunks.slice(1).map((chunk, i) => chunk.offsetNs - (chunks[i]?.offsetNs ?? chunk.offsetNs));
  const usual = median(gaps);
  const limit = Math.max(usual * STALL_TIMES, STALL_FLOOR_NS);
  const start = chunks[0]?.offsetNs ?? 0;
  const rows = chunks.map((chunk, i): ChunkRow => {
    const gapNs = i === 0 ? null : (gaps[i - 1] ?? 0);
    return { chunk, sinceFirstNs: chunk.offsetNs - start, gapNs, isStall: gapNs !== null && gapNs > limit };
  });
  return {
    rows,
    firstTokenNs: chunks.find((chunk) => chunk.kind !== "other")?.offsetNs ?? null,
    medianGapNs: usual,
    longestGapNs: gaps.reduce((most, gap) => Math.max(most, gap), 0),
    stalls: rows.filter((row) => row.isStall).length,
  };
}

export interface MergedBlock {
  blockIndex: number | null;
  kind: Exclude<ChunkKind, "other">;
  text: string;
}

export type OutcomeWord = "exhausted" | "closed" | "cancelled" | "error" | "garbage_collected" | "process_exit" | "not_consumed";
const WORDS: ReadonlySet<string> = new Set<OutcomeWord>([
  "exhausted",
  "closed",
  "cancelled",
  "error",
  "garbage_collected",
  "process_exit",
  "not_consumed",
]);

/** The word that says how the stream ended; null for one that is not known. */
export function outcomeWord(stream: Stream): OutcomeWord | null {
  const word = stream.outcome === "not_consumed" ? "not_consumed" : stream.endReason;
  return WORDS.has(word) ? (word as OutcomeWord) : null;
}
