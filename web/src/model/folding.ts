// What is folded in a tree: a depth from which on all is, and the spans that are otherwise.
import { ancestors, type SpanNode, type SpanTree } from "./tree";

export interface Folding {
  /** Spans this deep, and deeper ones, are folded. */
  depth: number;
  /** Spans that are the other way round. */
  turned: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
// A trace of no more spans than this opens as it is.
const FEW = 1000;
// Of larger ones no more rows than this are seen at first, if there are levels enough.
const ROWS = 400;

export const OPEN: Folding = { depth: Infinity, turned: NONE };
/** The roots stay open: one line says nothing. */
export const CLOSED: Folding = { depth: 1, turned: NONE };

export function isFolded(folding: Folding, node: SpanNode): boolean {
  return node.below > 0 && node.depth >= folding.depth !== folding.turned.has(node.span.id);
}

/** How a tree opens, which has or will have `count` spans: level by level, as long as few rows are seen. */
export function firstFolding(tree: SpanTree, count: number): Folding {
  if (count <= FEW) return OPEN;
  const levels: number[] = [];
  for (const { depth } of tree.order) levels[depth] = (levels[depth] ?? 0) + 1;
  let rows = 0;
  let depth = 0;
  while (depth < levels.length && rows + (levels[depth] ?? 0) <= ROWS) rows += levels[depth++] ?? 0;
  // What is below the roots is seen, however much it is.
  return { depth: Math.max(depth - 1, 1), turned: NONE };
}

export function turn(folding: Folding, ...ids: readonly string[]): Folding {
  const turned = new Set(folding.turned);
  for (const id of ids) if (!turned.delete(id)) turned.add(id);
  return { ...folding, turned };
}

/** The folding in which a node is in sight. */
export function reveal(folding: Folding, node: SpanNode): Folding {
  const shut = ancestors(node).filter((above) => isFolded(folding, above));
  return shut.length === 0 ? folding : turn(folding, ...shut.map(({ span }) => span.id));
}
