// What the URL holds. Search parameters are plain texts: ids that look like numbers stay ids.

export const SPAN_TABS = ["chat", "io", "events", "attributes", "feedback", "code"] as const;
export type SpanTab = (typeof SPAN_TABS)[number];

/** Stretches of time that end now. */
export const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

/** What the list can be ordered by, besides newest first; the server's own words. */
export const ORDERS = ["timestamp", "execution_time", "total_tokens", "cost", "name", "status"] as const;
export type OrderField = (typeof ORDERS)[number];

export interface FrameSearch {
  experiment?: string;
}

/** Which traces are listed, and how. */
export interface ListChoice extends FrameSearch {
  filter?: string;
  range?: Range;
  /** A stretch that was chosen in the histogram, in milliseconds since the epoch; it goes before `range`. */
  from?: number;
  to?: number;
  order?: `${OrderField} ${"ASC" | "DESC"}`;
  /** Newer traces come in by themselves. */
  live?: "1";
}

/** What the overview is of. */
export type OverviewSearch = Pick<ListChoice, "experiment" | "range" | "from" | "to">;

export interface SessionsSearch extends FrameSearch {
  /** The session that is open. */
  session?: string;
}

export interface ListSearch extends ListChoice {
  /** The trace at which the list stands. */
  at?: string;
  /** The saved view that was chosen. */
  view?: string;
}

/** What stands side by side; see `compareItems`. */
export interface CompareSearch extends FrameSearch {
  items?: string;
  /** Which place of the traces is looked at. */
  place?: number;
  /** The one that the first is held against, where there are more than two. */
  other?: number;
}

export interface TraceSearch extends FrameSearch {
  span?: string;
  tab?: SpanTab;
  chunk?: number;
  /** Words looked for in the tree. */
  find?: string;
  /** What stands at the left; the tree if it is left out. */
  show?: "graph";
}

type Raw = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

function whole(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

export function frameSearch(raw: Raw): FrameSearch {
  const experiment = text(raw.experiment);
  return experiment === undefined ? {} : { experiment };
}

export function listSearch(raw: Raw): ListSearch {
  const at = text(raw.at);
  const view = text(raw.view);
  const filter = text(raw.filter);
  const range = RANGES.find((name) => name === raw.range);
  const [from, to] = [whole(raw.from), whole(raw.to)];
  const [field, direction] = (text(raw.order) ?? "").split(" ");
  const ordered = ORDERS.find((name) => name === field);
  const isStretch = from !== undefined && to !== undefined && from < to;
  return {
    ...frameSearch(raw),
    ...(filter !== undefined && { filter }),
    ...(isStretch ? { from, to } : range !== undefined && { range }),
    ...(ordered && (direction === "ASC" || direction === "DESC") && { order: `${ordered} ${direction}` as const }),
    ...(raw.live === "1" && { live: "1" as const }),
    ...(view !== undefined && { view }),
    ...(at !== undefined && { at }),
  };
}

export function sessionsSearch(raw: Raw): SessionsSearch {
  const session = text(raw.session);
  return { ...frameSearch(raw), ...(session !== undefined && { session }) };
}

export function overviewSearch(raw: Raw): OverviewSearch {
  const { experiment, range, from, to } = listSearch(raw);
  return defined<OverviewSearch>({ experiment, range, from, to });
}

export function compareSearch(raw: Raw): CompareSearch {
  return defined<CompareSearch>({ ...frameSearch(raw), items: text(raw.items), place: whole(raw.place), other: whole(raw.other) });
}

export function traceSearch(raw: Raw): TraceSearch {
  const span = text(raw.span);
  const tab = SPAN_TABS.find((name) => name === raw.tab);
  const chunk = whole(raw.chunk);
  const find = text(raw.find);
  return {
    ...frameSearch(raw),
    ...(span !== undefined && { span }),
    ...(tab !== undefined && { tab }),
    ...(chunk !== undefined && { chunk }),
    ...(find !== undefined && { find }),
    ...(raw.show === "graph" && { show: "graph" as const }),
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

/** Without members that are undefined: they would stand in the URL as empty. */
export function defined<T extends object>(search: { [Key in keyof T]: T[Key] | undefined }): T {
  const kept = { ...search };
  for (const key in kept) if (kept[key] === undefined) Reflect.deleteProperty(kept, key);
  return kept as T;
}
