// What a viewer of JSON shows and does: a tree or the text as it is, rows of both, folds, and words found in either.
// The same in the page and in a worker; what goes out is plain data.
import { prettyJson, toText, type PathStep } from "@/lib/json";
import { JsonOutline, type Hits } from "./jsonOutline";
import type { JsonRow } from "./jsonRows";
import { RawLines, type RawHits } from "./rawLines";

export type ViewerMode = "tree" | "raw";

export interface ViewerState {
  mode: ViewerMode;
  /** Whether there is a tree: the text may be no JSON. */
  isJson: boolean;
  /** Rows, or lines of the text. */
  count: number;
  word: string;
  hits: number;
  areMoreHits: boolean;
  /** Which hit one is at, from 0; -1 before the first step. */
  hit: number;
  /** The row to bring into sight, and the place of the hit in the tree. */
  reveal: number | null;
  revealId: string | null;
}

/** A row to show: values of any size are cut, and say how long they were. */
export interface ViewerRow extends JsonRow {
  /** Letters of a text. */
  length: number;
}

export type ViewerAct =
  | { kind: "mode"; mode: ViewerMode }
  | { kind: "columns"; columns: number }
  | { kind: "toggle"; path: readonly PathStep[] }
  | { kind: "openAll" }
  | { kind: "closeAll" }
  | { kind: "find"; word: string }
  | { kind: "step"; direction: 1 | -1 };

const NO_HITS: Hits = { paths: [], areMore: false };
const NO_LINES: RawHits = { lines: [], areMore: false };
const COLUMNS = 100;

export class JsonViewer {
  private readonly outline: JsonOutline | null;
  private lines: RawLines | null = null;
  private columns = COLUMNS;
  private mode: ViewerMode;
  private word = "";
  private hit = -1;
  private reveal: number | null = null;
  private revealId: string | null = null;
  private hits = NO_HITS;
  private rawHits = NO_LINES;

  /** With a text alone there is no tree; with a value alone its text is made when it is asked for. */
  constructor(private readonly source: { value?: unknown; text?: string }) {
    this.outline = "value" in source ? new JsonOutline(source.value) : null;
    this.mode = this.outline ? "tree" : "raw";
  }

  state(): ViewerState {
    const isTree = this.mode === "tree";
    return {
      mode: this.mode,
      isJson: this.outline !== null,
      count: isTree ? (this.outline?.count ?? 0) : this.raw().count,
      word: this.word,
      hits: isTree ? this.hits.paths.length : this.rawHits.lines.length,
      areMoreHits: isTree ? this.hits.areMore : this.rawHits.areMore,
      hit: this.hit,
      reveal: this.reveal,
      revealId: this.revealId,
    };
  }

  act(act: ViewerAct): void {
    if (act.kind !== "step") this.reveal = null;
    switch (act.kind) {
      case "mode":
        this.mode = this.outline ? act.mode : "raw";
        this.look(this.word);
        break;
      case "columns":
        this.columns = act.columns;
        this.lines = null;
        if (this.mode === "raw") this.lookAgain();
        break;
      case "toggle":
        this.outline?.toggle(act.path);
        break;
      case "openAll":
        this.outline?.openAll();
        break;
      case "closeAll":
        this.outline?.closeAll();
        break;
      case "find":
        // Asked for twice where the first answer was slow: who stepped on meanwhile stays there.
        if (act.word !== this.word) this.look(act.word);
        break;
      case "step":
        this.step(act.direction);
    }
  }

  rows(from: number, to: number): ViewerRow[] {
    return this.outline?.rows(from, to).map(shown) ?? [];
  }

  rawRows(from: number, to: number): string[] {
    const lines = this.raw();
    const found: string[] = [];
    for (let at = Math.max(from, 0); at < Math.min(to, lines.count); at++) found.push(lines.line(at));
    return found;
  }

  /** A value whole, as text to copy. */
  whole(path: readonly PathStep[]): string {
    return toText(this.outline?.at(path));
  }

  all(): string {
    return this.source.text ?? prettyJson(this.source.value);
  }

  private raw(): RawLines {
    this.lines ??= new RawLines(this.all(), this.columns);
    return this.lines;
  }

  private look(word: string): void {
    const isTree = this.mode === "tree";
    this.word = word;
    this.hit = -1;
    this.revealId = null;
    this.hits = isTree && this.outline ? this.outline.find(word) : NO_HITS;
    this.rawHits = isTree ? NO_LINES : this.raw().find(word);
  }

  /** The same words in lines of another width: who is at a hit stays at it. */
  private lookAgain(): void {
    const hit = this.hit;
    this.look(this.word);
    if (hit < 0 || this.rawHits.lines.length === 0) return;
    this.hit = Math.min(hit, this.rawHits.lines.length - 1);
    this.reveal = this.rawHits.lines[this.hit] ?? null;
  }

  private step(direction: 1 | -1): void {
    const isTree = this.mode === "tree";
    const count = isTree ? this.hits.paths.length : this.rawHits.lines.length;
    if (count === 0) return;
    this.hit = this.hit < 0 ? (direction === 1 ? 0 : count - 1) : (this.hit + direction + count) % count;
    const path = this.hits.paths[this.hit];
    if (isTree && path && this.outline) {
      this.reveal = this.outline.reveal(path);
      this.revealId = this.outline.rows(this.reveal, this.reveal + 1)[0]?.id ?? null;
    } else this.reveal = this.rawHits.lines[this.hit] ?? null;
  }
}

// As much of a text as a row shows, and a few members of what is folded.
const LETTERS = 400;
const MEMBERS = 6;

function shown(row: JsonRow): ViewerRow {
  const isText = typeof row.value === "string";
  return { ...row, value: glimpse(row.value, 5), length: isText ? (row.value as string).length : 0 };
}

function glimpse(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.length > LETTERS ? value.slice(0, LETTERS) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, MEMBERS).map((each: unknown) => glimpse(each, depth - 1));
  const few: Record<string, unknown> = {};
  let left = MEMBERS;
  // Not Object.entries: that would list every member of what may have a million.
  for (const key in value) {
    if (left-- === 0) break;
    few[key] = glimpse((value as Record<string, unknown>)[key], depth - 1);
  }
  return few;
}
