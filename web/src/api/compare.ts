// Traces side by side as the server aligns their spans.
import { queryOptions } from "@tanstack/react-query";
import type { Place } from "@/model/compared";
import { changeFor } from "./client";
import type { components } from "./generated/schema";
import { readSpan } from "./read";

type Schemas = components["schemas"];

export interface Aligned {
  places: readonly Place[];
  /** False if there are more places than these. */
  isWhole: boolean;
}

export const compareQuery = (traceIds: readonly string[]) =>
  queryOptions({
    queryKey: ["compare", traceIds],
    queryFn: async (): Promise<Aligned> => {
      const found = await changeFor<Schemas["ComparisonAnswer"]>("POST", "/api/compare", { trace_ids: traceIds });
      return {
        places: found.spans.map(({ name, depth, spans }) => ({ name, depth, spans: spans.map((each) => each && readSpan(each.span)) })),
        isWhole: found.is_complete,
      };
    },
    staleTime: 60_000,
  });
