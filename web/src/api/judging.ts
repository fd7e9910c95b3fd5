// What people and judges said of a trace: read, and written from the page.
import { queryOptions } from "@tanstack/react-query";
import type { Assessment, NewAssessment } from "@/model/assessment";
import { change, get } from "./client";
import type { components } from "./generated/schema";

export const assessmentsQuery = (traceId: string) =>
  queryOptions({
    queryKey: ["assessments", traceId],
    queryFn: async ({ signal }) =>
      (await get("/api/traces/{trace_id}/assessments", { path: { trace_id: traceId }, signal })).assessments.map(readAssessment),
    staleTime: 15_000,
  });

/** Keeps a judgement; `who` signs it. */
export async function addAssessment(traceId: string, { kind, name, value, comment, spanId }: NewAssessment, who: string): Promise<void> {
  await change("POST", pathOf(traceId), {
    kind,
    name,
    value,
    rationale: comment || null,
    span_id: spanId,
    source: { type: "HUMAN", id: who },
  });
}

export async function editAssessment(traceId: string, id: string, { name, value, comment }: NewAssessment): Promise<void> {
  await change("PATCH", `${pathOf(traceId)}/${encodeURIComponent(id)}`, { name, value, rationale: comment || null });
}

export async function deleteAssessment(traceId: string, id: string): Promise<void> {
  await change("DELETE", `${pathOf(traceId)}/${encodeURIComponent(id)}`);
}

const pathOf = (traceId: string): string => `/api/traces/${encodeURIComponent(traceId)}/assessments`;

export const readAssessment = (raw: components["schemas"]["Assessment"]): Assessment => ({
  id: raw.assessment_id,
  kind: raw.kind,
  name: raw.name,
  value: raw.value,
  comment: raw.rationale ?? "",
  spanId: raw.span_id,
  source: raw.source,
  author: raw.author,
  updatedNs: BigInt(raw.updated_at_ns),
});
