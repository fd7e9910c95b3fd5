// What the server says of itself: limits, tokens, prices and the store.
import { queryOptions } from "@tanstack/react-query";
import { change, changeFor, get } from "./client";
import type { components } from "./generated/schema";

type Schemas = components["schemas"];
export type Retention = Schemas["Retention"];
export type ExperimentRetention = Schemas["ExperimentRetention"];
export type AccessToken = Schemas["Token"];
export type NewToken = Schemas["NewToken"];

export const retentionQuery = queryOptions({
  queryKey: ["retention"],
  queryFn: ({ signal }) => get("/api/retention", { signal }),
  staleTime: 15_000,
});

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: async ({ signal }) => (await get("/api/tokens", { signal })).tokens,
  staleTime: 15_000,
});

/** The token itself is in this answer alone. */
export const createToken = (wanted: NewToken): Promise<Schemas["CreatedToken"]> => changeFor("POST", "/api/tokens", wanted);

export const revokeToken = (id: string): Promise<void> => change("DELETE", `/api/tokens/${encodeURIComponent(id)}`);

export const pricesQuery = queryOptions({
  queryKey: ["prices"],
  queryFn: ({ signal }) => get("/api/prices", { signal }),
  staleTime: 60_000,
});

export const storeQuery = queryOptions({
  queryKey: ["store"],
  queryFn: ({ signal }) => get("/api/store", { signal }),
  staleTime: 10_000,
});

export const sizeQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["size", experimentId],
    queryFn: async ({ signal }) =>
      (await get("/api/experiments/{experiment_id}/size", { path: { experiment_id: experimentId }, signal })).kept_bytes,
    staleTime: 60_000,
  });
