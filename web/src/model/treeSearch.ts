// Words looked for in a tree: in names, types, models, ids and errors. All words must be there, in any of them.
import type { Span } from "./trace";
import type { SpanNode, SpanTree } from "./tree";

export function searchTree(tree: SpanTree, text: string): readonly SpanNode[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const tests = words.map(wordTest);
  return tree.order.filter(({ span }) => tests.every((test) => test(span)));
}

/** Whether a span has a word. A trace's spans share few names: each is looked at once. */
function wordTest(word: string): (span: Span) => boolean {
  const known = new Map<string, boolean>();
  const has = (text: string | null | undefined): boolean => {
    if (text === null || text === undefined) return false;
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = text.toLowerCase().includes(word);
    known.set(text, found);
    return found;
  };
  const isError = "error".startsWith(word) && word.length > 2;
  return (span) =>
    has(span.name) ||
    has(span.type) ||
    has(span.model) ||
    span.id === word ||
    (span.status === "ERROR" && (isError || has(span.error?.type) || has(span.error?.message)));
}

/** The match to go to from where one is: the next or the one before in the tree's order, and round. */
export function stepTo(matches: readonly SpanNode[], from: SpanNode | undefined, direction: 1 | -1): SpanNode | undefined {
  if (!from) return direction === 1 ? matches[0] : matches.at(-1);
  if (direction === 1) return matches.find(({ place }) => place > from.place) ?? matches[0];
  return matches.findLast(({ place }) => place < from.place) ?? matches.at(-1);
}
