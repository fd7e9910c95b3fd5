// The spans of a trace as a tree, and the rows of it that are in sight. Nothing here recurs: traces can be very deep.
import type { Span } from "./trace";

export interface SpanNode {
  span: Span;
  depth: number;
  parent: SpanNode | null;
  children: SpanNode[];
  /** Its place in the tree's order. */
  place: number;
  /** How many spans lie below it, and how many of them failed. */
  below: number;
  errorsBelow: number;
}

export interface SpanTree {
  roots: readonly SpanNode[];
  byId: ReadonlyMap<string, SpanNode>;
  /** All of it from top to bottom, each before what lies below it. */
  order: readonly SpanNode[];
}

const byStart = (a: SpanNode, b: SpanNode): number =>
  a.span.startNs < b.span.startNs ? -1 : a.span.startNs > b.span.startNs ? 1 : 0;

/** Joins spans to their parents. A span whose parent is missing is a root, and so is one of each circle. */
export function buildTree(spans: readonly Span[]): SpanTree {
  const byId = new Map<string, SpanNode>();
  for (const span of spans) byId.set(span.id, { span, depth: 0, parent: null, children: [], place: 0, below: 0, errorsBelow: 0 });
  const roots: SpanNode[] = [];
  for (const node of byId.values()) {
    const parent = node.span.parentId === null ? undefined : byId.get(node.span.parentId);
    if (parent && parent !== node) {
      node.parent = parent;
      parent.children.push(node);
    } else roots.push(node);
  }
  for (const node of byId.values()) sortOnce(node.children);
  let order = arranged(roots);
  if (order.length < byId.size) {
    roots.push(...openCircles(byId.values(), new Set(order)));
    order = arranged(roots);
  }
  total(order);
  return { roots, byId, order };
}

/** Spans mostly come in order, and then sorting them is a waste. */
function sortOnce(nodes: SpanNode[]): void {
  for (let i = 1; i < nodes.length; i++) {
    const [before, here] = [nodes[i - 1], nodes[i]];
    if (before && here && byStart(before, here) > 0) {
      nodes.sort(byStart);
      return;
    }
  }
}

function arranged(roots: SpanNode[]): SpanNode[] {
  sortOnce(roots);
  const order: SpanNode[] = [];
  const waiting = [...roots].reverse();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    node.depth = node.parent ? node.parent.depth + 1 : 0;
    node.place = order.length;
    order.push(node);
    for (let i = node.children.length - 1; i >= 0; i--) {
      const child = node.children[i];
      if (child) waiting.push(child);
    }
  }
  return order;
}

/** Spans that are each other's parents have no top: the earliest of each circle becomes one. */
function openCircles(nodes: Iterable<SpanNode>, settled: Set<SpanNode>): SpanNode[] {
  const tops: SpanNode[] = [];
  for (const node of nodes) {
    const way = new Set<SpanNode>();
    let at: SpanNode | null = node;
    while (at && !settled.has(at) && !way.has(at)) {
      way.add(at);
      at = at.parent;
    }
    if (at && way.has(at)) {
      // The way may lead into the circle from outside of it.
      const steps = [...way];
      const top = steps.slice(steps.indexOf(at)).reduce((first, each) => (byStart(each, first) < 0 ? each : first));
      top.parent?.children.splice(top.parent.children.indexOf(top), 1);
      top.parent = null;
      tops.push(top);
    }
    for (const each of way) settled.add(each);
  }
  return tops;
}

function total(order: readonly SpanNode[]): void {
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (!node?.parent) continue;
    node.parent.below += node.below + 1;
    node.parent.errorsBelow += node.errorsBelow + (node.span.status === "ERROR" ? 1 : 0);
  }
}

/** The nodes in sight, top to bottom, given which are folded. */
export function visibleNodes(tree: SpanTree, isFolded: (node: SpanNode) => boolean): SpanNode[] {
  const rows: SpanNode[] = [];
  for (let i = 0; i < tree.order.length; i++) {
    const node = tree.order[i];
    if (!node) continue;
    rows.push(node);
    if (node.below > 0 && isFolded(node)) i += node.below;
  }
  return rows;
}

/** The nodes above one, nearest first. */
export function ancestors(node: SpanNode): SpanNode[] {
  const above: SpanNode[] = [];
  for (let up = node.parent; up; up = up.parent) above.push(up);
  return above;
}

/** All nodes below one, top to bottom. */
export function descendants(tree: SpanTree, node: SpanNode): readonly SpanNode[] {
  return tree.order.slice(node.place + 1, node.place + 1 + node.below);
}
