// Which span a trace opens at: the one that a reader most likely came for.
import type { Span } from "./trace";
import { descendants, type SpanNode, type SpanTree } from "./tree";

/** The first error where it arose, else the last model call of the root, else the root. */
export function spanThatMatters(tree: SpanTree): Span | null {
  const root = tree.roots[0];
  if (!root) return null;
  return firstError(tree) ?? lastModelCall(tree, root) ?? root.span;
}

/** An error climbs to the parents; where it arose is the one without a failed child. */
function firstError(tree: SpanTree): Span | null {
  const failed = tree.order.filter((node) => node.span.status === "ERROR" && !node.children.some((child) => child.span.status === "ERROR"));
  return earliest(failed.map((node) => node.span));
}

function earliest(spans: readonly Span[]): Span | null {
  return spans.reduce<Span | null>((first, span) => (first === null || span.startNs < first.startNs ? span : first), null);
}

function lastModelCall(tree: SpanTree, root: SpanNode): Span | null {
  if (root.span.kind === "model") return root.span;
  return latestModel(root.children) ?? latestModel(descendants(tree, root));
}

function latestModel(nodes: readonly SpanNode[]): Span | null {
  return nodes.reduce<Span | null>((last, { span }) => {
    if (span.kind !== "model") return last;
    return last === null || span.startNs >= last.startNs ? span : last;
  }, null);
}
