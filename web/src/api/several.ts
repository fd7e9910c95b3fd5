// What is done with several traces at once.
import type { Assessment } from "@/model/assessment";
import { change, changeFor, fetchFile } from "./client";
import type { components } from "./generated/schema";
import { readAssessment } from "./judging";
import type { ListAsk } from "./queries";

type Schemas = components["schemas"];
export type ExportFormat = "jsonl" | "otlp" | "otlp-jsonl";

/** How many there were. */
export async function deleteTraces(traceIds: readonly string[]): Promise<number> {
  return (await changeFor<Schemas["Deleted"]>("POST", "/api/traces/delete", { trace_ids: traceIds })).deleted;
}

/** Sets a tag of a trace; null takes it away. */
export const setTag = (traceId: string, key: string, value: string | null): Promise<void> =>
  change("PATCH", `/api/traces/${encodeURIComponent(traceId)}`, { tags: { [key]: value } });

export interface Exported {
  file: Blob;
  /** So many traces may fit besides: their words were not indexed yet. */
  unsearched: number;
}

/** The traces as a file: those that are named, in this order. */
export const exportTraces = (format: ExportFormat, traceIds: readonly string[]): Promise<Exported> => exported({ format, trace_ids: [...traceIds] });

/** Every trace that fits, newest first. */
export function exportFitting(format: ExportFormat, { experiment, filter, sinceMs, untilMs }: ListAsk): Promise<Exported> {
  const clauses = [
    ...(filter === undefined ? [] : [`(${filter})`]),
    ...(sinceMs === null ? [] : [`timestamp >= ${sinceMs}`]),
    ...(untilMs === null ? [] : [`timestamp < ${untilMs}`]),
  ];
  return exported({ format, filter: clauses.join(" AND "), experiments: experiment === undefined ? [] : [experiment] });
}

async function exported(asked: Partial<Schemas["TraceExport"]>): Promise<Exported> {
  const { file, headers } = await fetchFile("/api/export", asked);
  return { file, unsearched: Number(headers.get("x-outcrop-words-waiting") ?? 0) };
}

export const MOST_JUDGED = 200;

/** What was said of traces; of none of them that has no judgement. */
export async function judgementsOf(traceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Assessment[]>> {
  const { assessments } = await changeFor<Schemas["AssessmentList"]>("POST", "/api/traces/assessments", { trace_ids: traceIds });
  const found = new Map<string, Assessment[]>();
  for (const raw of assessments) {
    const said = found.get(raw.trace_id) ?? [];
    said.push(readAssessment(raw));
    found.set(raw.trace_id, said);
  }
  return found;
}
