// What a trace's time went to: going back from its end, always the span that was waited for last.
import { endNs } from "./trace";
import type { TimeWindow } from "./timeline";
import type { SpanNode, SpanTree } from "./tree";

/** A stretch of time in nanoseconds since the window's start. */
export interface Segment {
  fromNs: number;
  toNs: number;
}

interface Waiting {
  node: SpanNode | null;
  children: readonly SpanNode[];
  fromNs: number;
  toNs: number;
}

/**
 * The stretches in which a span itself was what everything waited for, by the span's id.
 *
 * Within a span the child that ended last was waited for; before that one began, the child that had ended last
 * until then; and so on. What lies between is the span's own. Children that outlive their parent were not waited for
 * after its end.
 */
export function criticalPath(tree: SpanTree, window: TimeWindow): ReadonlyMap<string, readonly Segment[]> {
  const found = new Map<string, Segment[]>();
  const start = (node: SpanNode): number => Number(node.span.startNs - window.startNs);
  const end = (node: SpanNode): number => Number(endNs(node.span) - window.startNs);
  const waiting: Waiting[] = [{ node: null, children: tree.roots, fromNs: 0, toNs: window.lengthNs }];
  for (let here = waiting.pop(); here; here = waiting.pop()) {
    const { node, fromNs, toNs } = here;
    let at = toNs;
    const own = (from: number) => {
      if (node && at > from) note(found, node.span.id, { fromNs: from, toNs: at });
    };
    const last = here.children.map((child) => ({ child, from: start(child), to: Math.min(end(child), toNs) })).sort((a, b) => b.to - a.to);
    for (const { child, from, to } of last) {
      if (to <= fromNs) break;
      if (to > at || from >= toNs) continue;
      own(to);
      const begin = Math.max(from, fromNs);
      if (to > begin) waiting.push({ node: child, children: child.children, fromNs: begin, toNs: to });
      at = Math.min(at, begin);
    }
    own(fromNs);
  }
  // They were found from the end.
  for (const segments of found.values()) segments.reverse();
  return found;
}

function note(found: Map<string, Segment[]>, id: string, segment: Segment): void {
  const before = found.get(id);
  if (before) before.push(segment);
  else found.set(id, [segment]);
}
