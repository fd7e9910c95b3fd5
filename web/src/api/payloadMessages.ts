// What the page and the worker that reads a large payload say to each other.
import type { PathStep } from "@/lib/json";
import type { ViewerAct, ViewerRow, ViewerState } from "@/model/jsonViewer";

export type ToWorker =
  | { kind: "load"; path: string; size: number }
  | { kind: "act"; act: ViewerAct }
  | { kind: "rows"; from: number; to: number; turn: number }
  | { kind: "lines"; from: number; to: number; turn: number }
  | { kind: "whole"; path: readonly PathStep[] | null; ask: number };

export type FromWorker =
  | { kind: "progress"; done: number }
  | { kind: "ready"; state: ViewerState }
  | { kind: "failed"; status: number; message: string }
  /** After the `turn`-th act. */
  | { kind: "state"; state: ViewerState; turn: number }
  | { kind: "rows"; from: number; rows: readonly ViewerRow[]; turn: number }
  | { kind: "lines"; from: number; lines: readonly string[]; turn: number }
  | { kind: "whole"; text: string; ask: number };
