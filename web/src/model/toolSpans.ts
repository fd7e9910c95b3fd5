// Which span of the trace ran a tool that a chat asked for: by the tool's name and the order of calls.
import type { ToolCall } from "./conversation";
import { endNs, type Span } from "./trace";
import { descendants, type SpanTree } from "./tree";

// As the conventions and OpenLLMetry name the spans of tools.
const AROUND = /^execute_tool |\.tool$/;
const toolName = (span: Span): string => span.name.replace(AROUND, "");

/**
 * Calls in the history ran before this model call, the newest last: they are matched from the end, since
 * older ones may belong to other traces. Calls in the answer run after it and are matched from the start.
 */
export function toolSpans(tree: SpanTree, modelSpanId: string, calls: readonly ToolCall[]): ReadonlyMap<number, Span> {
  const node = tree.byId.get(modelSpanId);
  const found = new Map<number, Span>();
  if (!node) return found;
  const near = node.parent ? descendants(tree, node.parent) : tree.order;
  const tools = near
    .map(({ span }) => span)
    .filter((span) => span.kind === "tool")
    .sort((a, b) => (a.startNs < b.startNs ? -1 : 1));
  const end = endNs(node.span);
  for (const name of new Set(calls.map((call) => call.name))) {
    const named = tools.filter((span) => toolName(span) === name);
    const before = named.filter((span) => span.startNs < node.span.startNs);
    const after = named.filter((span) => span.startNs >= end);
    const past = calls.filter((call) => call.name === name && call.origin === "sent");
    past.forEach((call, i) => put(found, call, before[before.length - past.length + i]));
    calls.filter((call) => call.name === name && call.origin === "answer").forEach((call, i) => put(found, call, after[i]));
  }
  return found;
}

function put(found: Map<number, Span>, call: ToolCall, span: Span | undefined): void {
  if (span) found.set(call.index, span);
}
