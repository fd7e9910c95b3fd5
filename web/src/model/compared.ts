// Things side by side: what they differ in.
import type { Span } from "./trace";

/** Spans at the same place of their traces; null where one has none there. */
export interface Place {
  name: string;
  depth: number;
  spans: readonly (Span | null)[];
}

/** The place that is looked at first: the first trace's span that matters, else the first call of a model. */
export function placeThatMatters(places: readonly Place[], spanId: string | null): number {
  const own = spanId === null ? -1 : places.findIndex(({ spans }) => spans[0]?.id === spanId);
  if (own >= 0) return own;
  return Math.max(places.findIndex(({ spans }) => spans.some((span) => span?.kind === "model")), 0);
}

export interface ParameterLine {
  name: string;
  /** One for each; undefined where it was not given. */
  values: readonly unknown[];
  isSame: boolean;
}

/** Parameters of several calls, by name; those that differ first. */
export function parameterLines(all: readonly (Readonly<Record<string, unknown>> | null)[]): ParameterLine[] {
  const names = [...new Set(all.flatMap((parameters) => Object.keys(parameters ?? {})))].sort();
  const lines = names.map((name) => {
    const values = all.map((parameters) => parameters?.[name]);
    return { name, values, isSame: areSame(values) };
  });
  return [...lines.filter(({ isSame }) => !isSame), ...lines.filter(({ isSame }) => isSame)];
}

export function areSame(values: readonly unknown[]): boolean {
  const [first, ...rest] = values.map((value) => JSON.stringify(value) as string | undefined);
  return rest.every((value) => value === first);
}
