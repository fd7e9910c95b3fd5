// A large payload in a worker of its own: loaded on demand with progress, then a desk for the viewer.
import type { JsonDesk } from "@/model/jsonDesk";
import type { ViewerRow, ViewerState } from "@/model/jsonViewer";
import { RequestError } from "./client";
import type { FromWorker, ToWorker } from "./payloadMessages";

export type PayloadLoad =
  | { kind: "loading"; done: number }
  | { kind: "ready"; desk: JsonDesk }
  | { kind: "failed"; error: Error };

/** What a worker has to offer; tests give one of their own. */
export interface PayloadWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage: (message: ToWorker) => void;
  terminate: () => void;
}

const startWorker = (): PayloadWorker => new Worker(new URL("./payload.worker.ts", import.meta.url), { type: "module" });

/** Starts loading; the function that it gives ends it, and frees what was loaded. */
export function loadPayload(path: string, size: number, onChange: (load: PayloadLoad) => void, start = startWorker): () => void {
  const worker = start();
  let desk: WorkerDesk | null = null;
  worker.onmessage = ({ data }) => {
    if (data.kind === "progress") onChange({ kind: "loading", done: data.done });
    else if (data.kind === "failed") onChange({ kind: "failed", error: new RequestError(data.message, data.status) });
    else if (data.kind === "ready") {
      desk = new WorkerDesk(worker, data.state);
      onChange({ kind: "ready", desk });
    } else desk?.hear(data);
  };
  worker.onerror = (event) => onChange({ kind: "failed", error: new Error(event.message) });
  worker.postMessage({ kind: "load", path, size });
  return () => worker.terminate();
}

const BLOCK = 100;
// Blocks that are kept: what one scrolls back to is there at once.
const KEPT = 60;

class WorkerDesk implements JsonDesk {
  private readonly listeners = new Set<() => void>();
  private readonly asked = new Map<number, (text: string) => void>();
  private readonly rows = new Map<number, readonly ViewerRow[] | null>();
  private readonly lines = new Map<number, readonly string[] | null>();
  // Rows of before the last act stand in until the new ones have come: nothing flickers.
  private oldRows: ReadonlyMap<number, readonly ViewerRow[] | null> = new Map();
  private oldLines: ReadonlyMap<number, readonly string[] | null> = new Map();
  private asks = 0;
  private heard = 0;

  constructor(
    private readonly worker: PayloadWorker,
    private current: ViewerState,
  ) {}

  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  readonly state = (): ViewerState => this.current;

  readonly act: JsonDesk["act"] = (act) => {
    this.worker.postMessage({ kind: "act", act });
  };

  readonly row = (at: number): ViewerRow | null => this.block("rows", this.rows, this.oldRows, at);
  readonly rawRow = (at: number): string | null => this.block("lines", this.lines, this.oldLines, at);
  readonly whole: JsonDesk["whole"] = (path) => this.ask(path);
  readonly all = (): Promise<string> => this.ask(null);

  hear(message: Exclude<FromWorker, { kind: "progress" | "ready" | "failed" }>): void {
    if (message.kind === "whole") {
      this.asked.get(message.ask)?.(message.text);
      this.asked.delete(message.ask);
      return;
    }
    if (message.kind === "state") {
      this.heard = message.turn;
      this.oldRows = new Map(this.rows);
      this.oldLines = new Map(this.lines);
      this.rows.clear();
      this.lines.clear();
      this.current = message.state;
    } else {
      // Rows of before the last act mean nothing now.
      if (message.turn !== this.heard) return;
      if (message.kind === "rows") this.rows.set(message.from / BLOCK, message.rows);
      else this.lines.set(message.from / BLOCK, message.lines);
      // The state is made anew, so that whoever shows it looks again.
      this.current = { ...this.current };
    }
    for (const listener of this.listeners) listener();
  }

  private block<Row>(kind: "rows" | "lines", blocks: Map<number, readonly Row[] | null>, old: ReadonlyMap<number, readonly Row[] | null>, at: number): Row | null {
    const block = Math.floor(at / BLOCK);
    const rows = blocks.get(block);
    const before = (): Row | null => old.get(block)?.[at % BLOCK] ?? null;
    if (rows !== undefined) return rows ? (rows[at % BLOCK] ?? null) : before();
    if (blocks.size >= KEPT) for (const old of [...blocks.keys()].slice(0, KEPT / 2)) blocks.delete(old);
    blocks.set(block, null);
    this.worker.postMessage({ kind, from: block * BLOCK, to: (block + 1) * BLOCK, turn: this.heard });
    return before();
  }

  private ask(path: Parameters<JsonDesk["whole"]>[0] | null): Promise<string> {
    this.asks += 1;
    const ask = this.asks;
    return new Promise((resolve) => {
      this.asked.set(ask, resolve);
      this.worker.postMessage({ kind: "whole", path, ask });
    });
  }
}
