// The spans of a trace as a tree, and the rows of it that are in sight.
import type { Span } from "./trace";

export interface SpanNode {
  span: Span;
  depth: number;
  parent: SpanNode | null;
  children: SpanNode[];
}

export interface SpanTree {
  roots: readonly SpanNode[];
  byId: ReadonlyMap<string, SpanNode>;
}

const byStart = (a: SpanNode, b: SpanNode): number =>
  a.span.startNs < b.span.startNs ? -1 : a.span.startNs > b.span.startNs ? 1 : 0;

/** Joins spans to their parents. A span whose parent is missing, or that is its own forebear, is a root. */
export function buildTree(spans: readonly Span[]): SpanTree {
  const byId = new Map<string, SpanNode>();
  for (const span of spans) byId.set(span.id, { span, depth: 0, parent: null, children: [] });
  const roots: SpanNode[] = [];
  for (const node of byId.values()) {
    const parent = node.span.parentId === null ? undefined : byId.get(node.span.parentId);
    if (!parent || leadsTo(parent, node)) roots.push(node);
    else {
      node.parent = parent;
      parent.children.push(node);
    }
  }
  roots.sort(byStart);
  settle(roots);
  return { roots, byId };
}

function leadsTo(from: SpanNode, target: SpanNode): boolean {
  for (let node: SpanNode | null = from; node; node = node.parent) if (node === target) return true;
  return false;
}

/** Depths and the order of children, without recursion: traces can be very deep. */
function settle(roots: readonly SpanNode[]): void {
  const waiting = [...roots];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    node.children.sort(byStart);
    for (const child of node.children) {
      child.depth = node.depth + 1;
      waiting.push(child);
    }
  }
}

/** The nodes in sight, top to bottom, given those that are folded. */
export function visibleNodes(tree: SpanTree, folded: ReadonlySet<string>): SpanNode[] {
  const rows: SpanNode[] = [];
  const waiting = [...tree.roots].reverse();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    rows.push(node);
    if (folded.has(node.span.id)) continue;
    for (let i = node.children.length - 1; i >= 0; i--) {
      const child = node.children[i];
      if (child) waiting.push(child);
    }
  }
  return rows;
}

/** The nodes above one, nearest first. */
export function ancestors(node: SpanNode): SpanNode[] {
  const above: SpanNode[] = [];
  for (let up = node.parent; up; up = up.parent) above.push(up);
  return above;
}

/** All nodes below one, in no order that matters. */
export function descendants(node: SpanNode): SpanNode[] {
  const below: SpanNode[] = [];
  const waiting = [...node.children];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    below.push(next);
    waiting.push(...next.children);
  }
  return below;
}
