// The traces of an experiment that name the same session.
import type { Usage } from "./trace";

export interface Session {
  id: string;
  experiment: string;
  traces: number;
  errors: number;
  /** Starts of its first and of its last trace. */
  firstNs: bigint;
  lastNs: bigint;
  usage: Usage;
  /** Null where no call's cost is known. */
  costUsd: number | null;
  /** Calls that were billed and are not in the cost. */
  unpriced: number;
}
