// What the page knows of traces and spans. The API's shapes are turned into these in src/api/read.ts.
import type { SpanKind } from "./spanKind";

export type Status = "OK" | "ERROR" | "UNSET";

/** Whether the root has come; without it a trace runs for ten minutes after the end of its last span. */
export type TraceState = "IN_PROGRESS" | "COMPLETE" | "INCOMPLETE";

export interface Failure {
  type: string;
  message: string;
}

/** Tokens; `input` includes what was read from and written to the cache. Null is unknown. */
export interface Usage {
  input: number | null;
  output: number | null;
  total: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
}

/** Why a cost is unknown: words of the server (outcrop.pricing.cost.Reason); newer ones may come. */
export type CostReason = string;

/** US dollars by kind of token, and whose prices these are. */
export interface CostParts {
  usd: number;
  /** The parts are null where another tracer stated a sum alone. */
  input: number | null;
  output: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
  source: string;
  model: string;
}

export interface TraceRow {
  id: string;
  experimentId: string;
  name: string;
  status: Status;
  startNs: bigint;
  durationNs: number;
  spanCount: number;
  error: Failure | null;
  models: readonly string[];
  usage: Usage;
  firstTokenNs: number | null;
  attempts: number;
  /** First words, without marks of markdown. */
  asked: string | null;
  answered: string | null;
  tools: readonly string[];
  sessionId: string | null;
  userId: string | null;
  tags: Readonly<Record<string, string>>;
  /** US dollars of the calls whose cost is known; null if of none. */
  costUsd: number | null;
  isCostPartial: boolean;
  costReason: CostReason | null;
  state: TraceState;
}

export interface Span {
  id: string;
  parentId: string | null;
  name: string;
  kind: SpanKind;
  type: string;
  status: Status;
  error: Failure | null;
  startNs: bigint;
  durationNs: number;
  model: string | null;
  usage: Usage | null;
  firstTokenNs: number | null;
  isStream: boolean;
  finishReason: string | null;
  vendor: string | null;
  /** The model that answered, where that is known apart from the one asked for. */
  responseModel: string | null;
  costUsd: number | null;
  costReason: CostReason | null;
}

export interface Trace {
  row: TraceRow;
  experimentName: string;
  resource: Readonly<Record<string, unknown>>;
  spans: readonly Span[];
  /** There are more spans than these, which are the nearest to the roots. */
  areSpansCut: boolean;
}

export interface Experiment {
  id: string;
  name: string;
  createdNs: bigint;
  traceCount: number;
  errorCount: number;
  lastTraceNs: bigint | null;
  description: string;
  /** Put away: not offered, but it takes traces all the same. */
  isArchived: boolean;
  /** Under which programs may send to it, too. */
  formerNames: readonly string[];
}

export const endNs = (span: Pick<Span, "startNs" | "durationNs">): bigint => span.startNs + BigInt(Math.round(span.durationNs));
