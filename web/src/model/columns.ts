// Which columns the list of traces shows, in which order and how wide. Pure; the list keeps the choice as text.
import { isRecord } from "@/lib/json";

export const COLUMNS = [
  "time",
  "name",
  "status",
  "error",
  "model",
  "latency",
  "firstToken",
  "tokens",
  "tokensIn",
  "tokensOut",
  "tokensCached",
  "cost",
  "prompt",
  "answer",
  "tools",
  "session",
  "user",
  "tags",
  "feedback",
] as const;
export type Column = (typeof COLUMNS)[number];

export interface ShownColumn {
  id: Column;
  /** In pixels; null for its usual width. */
  width: number | null;
}

export interface Layout {
  columns: readonly ShownColumn[];
  /** Rows of one line instead of two. */
  isCompact: boolean;
}

interface Measure {
  /** How wide it is at first, in pixels. */
  usual: number;
  /** Takes a share of what is left over; the name alone would leave words no room. */
  share?: number;
  isRight?: boolean;
}

export const LEAST_WIDTH = 48;
export const MOST_WIDTH = 1200;
const GAP = 20;
const PADDING = 32;
/** The column of the boxes that choose rows. */
const BOX = 16;

const MEASURES: Readonly<Record<Column, Measure>> = {
  time: { usual: 76 },
  name: { usual: 180, share: 3 },
  status: { usual: 76 },
  error: { usual: 150 },
  model: { usual: 130 },
  latency: { usual: 140, isRight: true },
  firstToken: { usual: 84, isRight: true },
  tokens: { usual: 116, isRight: true },
  tokensIn: { usual: 76, isRight: true },
  tokensOut: { usual: 76, isRight: true },
  tokensCached: { usual: 76, isRight: true },
  cost: { usual: 72, isRight: true },
  prompt: { usual: 200, share: 2 },
  answer: { usual: 200, share: 2 },
  tools: { usual: 130 },
  session: { usual: 120 },
  user: { usual: 100 },
  tags: { usual: 150 },
  feedback: { usual: 130 },
};

const USUAL: readonly Column[] = ["time", "name", "model", "latency", "firstToken", "tokens", "cost"];

export const USUAL_LAYOUT: Layout = { columns: USUAL.map((id) => ({ id, width: null })), isCompact: false };

/** The link to the trace stands in it. */
export const isFixed = (id: Column): boolean => id === "name";

export const isRight = (id: Column): boolean => MEASURES[id].isRight === true;

export const isShown = ({ columns }: Layout, id: Column): boolean => columns.some((column) => column.id === id);

/** How wide a column is, in pixels; those that share what is left over are this wide at least. */
export const widthOf = ({ id, width }: ShownColumn): number => width ?? MEASURES[id].usual;

const columnNamed = (name: unknown): Column | undefined => COLUMNS.find((id) => id === name);

const within = (width: number): number => Math.round(Math.min(Math.max(width, LEAST_WIDTH), MOST_WIDTH));

/** Columns as someone else wrote them: what is unknown or there twice is left out, and the name is always there. */
export function layoutOf(written: readonly { name: unknown; width: unknown }[], isCompact: boolean): Layout {
  const columns: ShownColumn[] = [];
  for (const { name, width } of written) {
    const id = columnNamed(name);
    if (id === undefined || columns.some((column) => column.id === id)) continue;
    columns.push({ id, width: typeof width === "number" && Number.isFinite(width) ? within(width) : null });
  }
  if (!columns.some(({ id }) => isFixed(id))) columns.unshift({ id: "name", width: null });
  return { columns, isCompact };
}

/** The layout that was kept as text; the usual one where there is none that can be read. */
export function readLayout(text: string | null): Layout {
  if (text === null) return USUAL_LAYOUT;
  try {
    const value = JSON.parse(text) as unknown;
    if (!isRecord(value) || !Array.isArray(value.columns)) return USUAL_LAYOUT;
    const columns = (value.columns as unknown[]).filter(isRecord).map(({ id, width }) => ({ name: id, width }));
    return layoutOf(columns, value.isCompact === true);
  } catch {
    return USUAL_LAYOUT;
  }
}

export const writeLayout = (layout: Layout): string => JSON.stringify(layout);

export const isSameLayout = (one: Layout, other: Layout): boolean => writeLayout(one) === writeLayout(other);

/** Shows a column where it usually stands beside the others, or hides it. */
export function toggledColumn(layout: Layout, id: Column): Layout {
  if (isFixed(id)) return layout;
  if (isShown(layout, id)) return { ...layout, columns: layout.columns.filter((column) => column.id !== id) };
  const place = COLUMNS.indexOf(id);
  const before = layout.columns.findLastIndex((column) => COLUMNS.indexOf(column.id) < place);
  return { ...layout, columns: layout.columns.toSpliced(before + 1, 0, { id, width: null }) };
}

/** Puts a column at a place among the others. */
export function movedColumn(layout: Layout, id: Column, to: number): Layout {
  const from = layout.columns.findIndex((column) => column.id === id);
  const moved = layout.columns[from];
  if (!moved) return layout;
  const rest = layout.columns.toSpliced(from, 1);
  return { ...layout, columns: rest.toSpliced(Math.min(Math.max(to, 0), rest.length), 0, moved) };
}

/** Gives a column a width in pixels, or its usual one. */
export function sizedColumn(layout: Layout, id: Column, width: number | null): Layout {
  const size = width === null ? null : within(width);
  return { ...layout, columns: layout.columns.map((column) => (column.id === id ? { id, width: size } : column)) };
}

/** The columns as CSS grid tracks, the boxes' own first. */
export function gridTracks({ columns }: Layout): string {
  const tracks = columns.map(({ id, width }) => {
    const { usual, share } = MEASURES[id];
    if (width !== null) return `${width}px`;
    return share === undefined ? `${usual}px` : `minmax(${usual}px, ${share}fr)`;
  });
  // What has no column takes what is left, where nothing else does.
  const hasShare = columns.some(({ id, width }) => width === null && MEASURES[id].share !== undefined);
  return [`${BOX}px`, ...tracks, ...(hasShare ? [] : ["1fr"])].join(" ");
}

/** How wide the columns are at least, in pixels; a narrower list scrolls sideways. */
export function leastWidth({ columns }: Layout): number {
  const sum = columns.reduce((total, { id, width }) => total + widthOf({ id, width }) + GAP, 0);
  return BOX + sum + PADDING;
}
