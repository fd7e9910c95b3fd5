// Words looked for in the tree: typed at once, written to the address a moment later.
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { searchTree } from "@/model/treeSearch";
import type { SpanNode, SpanTree } from "@/model/tree";

export interface TreeSearch {
  words: string;
  setWords: (words: string) => void;
  /** Of the words a moment ago, while one types. */
  matches: readonly SpanNode[];
  /** Of the words as they stand: whoever presses Enter at once means these. */
  matchesNow: () => readonly SpanNode[];
  isMatch: (node: SpanNode) => boolean;
}

const PAUSE_MS = 300;

export function useTreeSearch(tree: SpanTree, find: string, onFind: (words: string) => void): TreeSearch {
  const [words, setWords] = useState(find);
  const [known, setKnown] = useState(find);
  // The address may change by itself: back, forward, a link.
  if (known !== find) {
    setKnown(find);
    setWords(find);
  }
  const wanted = useDeferredValue(words);
  const matches = useMemo(() => searchTree(tree, wanted), [tree, wanted]);
  const places = useMemo(() => new Set(matches.map(({ span }) => span.id)), [matches]);
  useEffect(() => {
    if (words === find) return;
    const timer = setTimeout(() => onFind(words), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words, find, onFind]);
  return { words, setWords, matches, matchesNow: () => (words === wanted ? matches : searchTree(tree, words)), isMatch: ({ span }) => places.has(span.id) };
}
