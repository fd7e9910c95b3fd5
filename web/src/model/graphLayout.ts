// Where the boxes of a graph stand and how its lines run: columns from left to right by who calls whom.
import type { Actor, AgentGraph, Call } from "./agentGraph";

export const BOX = { width: 164, height: 66 } as const;
const GAP = { x: 60, y: 16 } as const;
const EDGE = 20;
const SWEEPS = 4;

export interface PlacedActor extends Actor {
  x: number;
  y: number;
  column: number;
}

export interface PlacedCall extends Call {
  /** An SVG path. */
  path: string;
  /** Where its count is written. */
  at: { x: number; y: number };
}

export interface Layout {
  actors: readonly PlacedActor[];
  calls: readonly PlacedCall[];
  width: number;
  height: number;
}

/** Who is called stands right of who calls. Calls that lead back, as of agents that call each other, bend below. */
export function layoutGraph(graph: AgentGraph): Layout {
  const columns = ordered(columnsOf(graph), graph);
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const height = EDGE * 2 + tallest * BOX.height + Math.max(tallest - 1, 0) * GAP.y;
  const placed = new Map<string, PlacedActor>();
  columns.forEach((column, at) => {
    const own = column.length * BOX.height + (column.length - 1) * GAP.y;
    column.forEach((actor, row) =>
      placed.set(actor.key, { ...actor, column: at, x: EDGE + at * (BOX.width + GAP.x), y: (height - own) / 2 + row * (BOX.height + GAP.y) }),
    );
  });
  const calls = graph.calls.flatMap((call) => {
    const [from, to] = [placed.get(call.from), placed.get(call.to)];
    return from && to ? [{ ...call, ...lineOf(from, to) }] : [];
  });
  const leadsBack = calls.some((call) => (placed.get(call.to)?.column ?? 0) <= (placed.get(call.from)?.column ?? 0));
  const width = EDGE * 2 + columns.length * BOX.width + Math.max(columns.length - 1, 0) * GAP.x;
  return { actors: [...placed.values()], calls, width, height: height + (leadsBack ? GAP.y * 2 : 0) };
}

/** The longest way from a top to each actor, calls that lead back left out. */
function columnsOf({ actors, calls }: AgentGraph): Actor[][] {
  const below = new Map<string, string[]>();
  const isCalled = new Set<string>();
  for (const { from, to } of calls) {
    if (from === to) continue;
    below.set(from, [...(below.get(from) ?? []), to]);
    isCalled.add(to);
  }
  const depth = new Map<string, number>();
  const visit = (key: string, at: number, way: ReadonlySet<string>) => {
    if (way.has(key) || (depth.get(key) ?? -1) >= at) return;
    depth.set(key, at);
    const further = new Set(way).add(key);
    for (const next of below.get(key) ?? []) visit(next, at + 1, further);
  };
  for (const { key } of actors) if (!isCalled.has(key)) visit(key, 0, new Set());
  // Where all are called by each other the first is the top.
  for (const { key } of actors) if (!depth.has(key)) visit(key, 0, new Set());
  const columns: Actor[][] = [];
  for (const actor of actors) (columns[depth.get(actor.key) ?? 0] ??= []).push(actor);
  return columns.filter((column) => column.length > 0);
}

/** Within a column near to those it is joined with, so that few lines cross. */
function ordered(columns: Actor[][], { calls }: AgentGraph): Actor[][] {
  const rows = new Map<string, number>();
  const note = (column: readonly Actor[]) => column.forEach(({ key }, row) => rows.set(key, row - column.length / 2));
  columns.forEach(note);
  const joined = new Map<string, string[]>();
  for (const { from, to } of calls) {
    joined.set(from, [...(joined.get(from) ?? []), to]);
    joined.set(to, [...(joined.get(to) ?? []), from]);
  }
  const wish = (key: string): number => {
    const others = joined.get(key) ?? [];
    return others.length === 0 ? (rows.get(key) ?? 0) : others.reduce((sum, other) => sum + (rows.get(other) ?? 0), 0) / others.length;
  };
  let sorted = columns;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    sorted = sorted.map((column) => {
      const next = column.map((actor) => ({ actor, at: wish(actor.key) })).sort((a, b) => a.at - b.at).map(({ actor }) => actor);
      note(next);
      return next;
    });
  }
  return sorted;
}

function lineOf(from: PlacedActor, to: PlacedActor): Pick<PlacedCall, "path" | "at"> {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  if (to.column > from.column) {
    const bend = (x2 - x1) / 2;
    return { path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, at: { x: x2 - 22, y: y2 - 7 } };
  }
  const below = Math.max(from.y, to.y) + BOX.height + GAP.y * 1.4;
  const [start, end] = [from.x + BOX.width * 0.7, to.x + BOX.width * 0.3];
  return { path: `M${start} ${from.y + BOX.height}C${start} ${below} ${end} ${below} ${end} ${to.y + BOX.height}`, at: { x: (start + end) / 2, y: below - 4 } };
}

export type Direction = "left" | "right" | "up" | "down";

/** The actor that one comes to from another by an arrow key; null at the edge. */
export function neighbour({ actors }: Layout, from: PlacedActor, direction: Direction): PlacedActor | null {
  const isSideways = direction === "left" || direction === "right";
  const sign = direction === "right" || direction === "down" ? 1 : -1;
  const candidates = actors.filter((actor) =>
    isSideways ? Math.sign(actor.column - from.column) === sign : actor.column === from.column && Math.sign(actor.y - from.y) === sign,
  );
  const distance = (actor: PlacedActor): number => Math.abs(actor.x - from.x) * 2 + Math.abs(actor.y - from.y);
  return candidates.reduce<PlacedActor | null>((best, actor) => (best && distance(best) <= distance(actor) ? best : actor), null);
}
