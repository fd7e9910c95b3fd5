// A stream played again: what had come at a moment, how fast tokens came, and runs of chunks that belong together.
import type { ReadEvent } from "./spanEvents";
import type { Chunk, ChunkKind, ChunkRow, MergedBlock } from "./stream";

interface Grown {
  block: MergedBlock;
  /** How many chunks had come, and how long the text was then, in order. */
  counts: number[];
  lengths: number[];
}

/** The text of a stream's blocks, of which any state can be had at once. */
export class StreamText {
  private readonly blocks: readonly Grown[];

  constructor(private readonly chunks: readonly Chunk[]) {
    const blocks = new Map<string, Grown & { pieces: string[]; length: number }>();
    chunks.forEach((chunk, i) => {
      if (chunk.kind === "other" || chunk.text === null) return;
      const key = `${chunk.blockIndex ?? "-"}:${chunk.kind}`;
      const found = blocks.get(key) ?? { block: { blockIndex: chunk.blockIndex, kind: chunk.kind, text: "" }, counts: [], lengths: [], pieces: [], length: 0 };
      blocks.set(key, found);
      found.pieces.push(chunk.text);
      found.length += chunk.text.length;
      found.counts.push(i + 1);
      found.lengths.push(found.length);
    });
    this.blocks = [...blocks.values()].map(({ block, counts, lengths, pieces }) => ({ block: { ...block, text: pieces.join("") }, counts, lengths }));
  }

  get whole(): readonly MergedBlock[] {
    return this.blocks.map(({ block }) => block);
  }

  /** How many chunks had come by then. */
  countAt(ns: number): number {
    return upTo(this.chunks.length, (i) => (this.chunks[i]?.offsetNs ?? 0) <= ns);
  }

  /** The blocks as they were when this many chunks had come. */
  after(count: number): MergedBlock[] {
    return this.blocks.flatMap(({ block, counts, lengths }) => {
      const own = upTo(counts.length, (i) => (counts[i] ?? 0) <= count);
      return own === 0 ? [] : [{ ...block, text: block.text.slice(0, lengths[own - 1]) }];
    });
  }
}

/** How many of the first places pass a test that holds up to some place. */
function upTo(length: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const carriesContent = ({ kind }: Chunk): boolean => kind !== "other";

/** Tokens a second from the first content to the last; null where that cannot be told. */
export function tokenRate(chunks: readonly Chunk[], outputTokens: number | null): number | null {
  const content = chunks.filter(carriesContent);
  const [first, last] = [content[0], content.at(-1)];
  if (outputTokens === null || !first || !last || last.offsetNs <= first.offsetNs) return null;
  return outputTokens / ((last.offsetNs - first.offsetNs) / 1e9);
}

/** How fast text came, in equal stretches of the whole time, each as a share of the fastest. */
export function paceCurve(chunks: readonly Chunk[], lengthNs: number, steps: number): number[] {
  const letters = new Array<number>(steps).fill(0);
  for (const chunk of chunks) {
    if (!carriesContent(chunk)) continue;
    const step = Math.min(Math.max(Math.floor((chunk.offsetNs / lengthNs) * steps), 0), steps - 1);
    letters[step] = (letters[step] ?? 0) + (chunk.text?.length ?? 0);
  }
  const most = Math.max(...letters);
  return most === 0 ? [] : letters.map((count) => count / most);
}

/** Chunks of one kind and block that came one after the other. */
export interface ChunkRun {
  first: ChunkRow;
  count: number;
  type: string;
  kind: ChunkKind;
  text: string | null;
  lastOffsetNs: number;
  stalls: number;
}

export function chunkRuns(rows: readonly ChunkRow[]): ChunkRun[] {
  const runs: (ChunkRun & { pieces: string[] })[] = [];
  for (const row of rows) {
    const { chunk } = row;
    const last = runs.at(-1);
    const isSame = last && last.kind !== "other" && last.kind === chunk.kind && last.type === chunk.type && last.first.chunk.blockIndex === chunk.blockIndex;
    if (isSame) {
      last.count += 1;
      last.lastOffsetNs = chunk.offsetNs;
      last.stalls += row.isStall ? 1 : 0;
      if (chunk.text !== null) last.pieces.push(chunk.text);
    } else {
      runs.push({ first: row, count: 1, type: chunk.type, kind: chunk.kind, text: null, lastOffsetNs: chunk.offsetNs, stalls: row.isStall ? 1 : 0, pieces: chunk.text === null ? [] : [chunk.text] });
    }
  }
  return runs.map(({ pieces, ...run }) => ({ ...run, text: pieces.length > 0 ? pieces.join("") : null }));
}

/** Something besides chunks that happened at a time, for the strip: with a length if that is known. */
export interface StripEvent {
  kind: "attempt" | "refused" | "exception" | "other";
  fromNs: number;
  toNs: number;
  words: string;
}

const DURATION = "outcrop.attempt.duration_ns";

/** The events of a span on its time axis. An attempt is told of when it ends. */
export function stripEvents(events: readonly ReadEvent[], startNs: bigint): StripEvent[] {
  return events.map((read) => {
    const toNs = Number(read.event.timeNs - startNs);
    if (read.kind !== "attempt") {
      const words = read.kind === "exception" ? [read.type, read.message].filter(Boolean).join(": ") : read.event.name;
      return { kind: read.kind, fromNs: toNs, toNs, words };
    }
    const duration = Number(read.event.attributes[DURATION] ?? 0);
    const isRefused = read.code !== null || Number(read.status) >= 400;
    const fromNs = Number.isFinite(duration) ? Math.max(toNs - duration, 0) : toNs;
    return { kind: isRefused ? "refused" : "attempt", fromNs, toNs, words: [read.number, read.status, read.code].filter(Boolean).join(" · ") };
  });
}
