// What the URL holds. Search parameters are plain texts: ids that look like numbers stay ids.

export const SPAN_TABS = ["chat", "io", "events", "attributes"] as const;
export type SpanTab = (typeof SPAN_TABS)[number];

export interface FrameSearch {
  experiment?: string;
}

export interface ListSearch extends FrameSearch {
  /** The trace at which the list stands. */
  at?: string;
}

export interface TraceSearch extends FrameSearch {
  span?: string;
  tab?: SpanTab;
  chunk?: number;
}

type Raw = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

export function frameSearch(raw: Raw): FrameSearch {
  const experiment = text(raw.experiment);
  return experiment === undefined ? {} : { experiment };
}

export function listSearch(raw: Raw): ListSearch {
  const at = text(raw.at);
  return { ...frameSearch(raw), ...(at !== undefined && { at }) };
}

export function traceSearch(raw: Raw): TraceSearch {
  const span = text(raw.span);
  const tab = SPAN_TABS.find((name) => name === raw.tab);
  const chunk = Number(raw.chunk);
  return {
    ...frameSearch(raw),
    ...(span !== undefined && { span }),
    ...(tab !== undefined && { tab }),
    ...(raw.chunk !== undefined && Number.isInteger(chunk) && chunk >= 0 && { chunk }),
  };
}

export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function stringifySearch(search: Raw): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string" || typeof value === "number") params.set(key, String(value));
  }
  // A slash is legal in a query, and experiments are named like paths.
  const written = params.toString().replaceAll("%2F", "/");
  return written ? `?${written}` : "";
}
