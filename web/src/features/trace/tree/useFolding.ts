// What is folded, and the rows that are left in sight. What is selected is always among them.
import { useCallback, useMemo, useRef, useEffect, useState } from "react";
import { CLOSED, firstFolding, isFolded, OPEN, reveal, turn, type Folding } from "@/model/folding";
import { visibleNodes, type SpanNode, type SpanTree } from "@/model/tree";

export interface FoldingState {
  folding: Folding;
  nodes: readonly SpanNode[];
  /** Whether anything is folded; null where nothing can be. */
  hasFolded: boolean | null;
  toggle: (id: string) => void;
  openAll: () => void;
  closeAll: () => void;
}

export function useFolding(tree: SpanTree, count: number, selected: string | null): FoldingState {
  const [chosen, setChosen] = useState<Folding | null>(null);
  const folding = useMemo(() => {
    const base = chosen ?? firstFolding(tree, count);
    const node = selected === null ? undefined : tree.byId.get(selected);
    return node ? reveal(base, node) : base;
  }, [tree, count, chosen, selected]);
  const nodes = useMemo(() => visibleNodes(tree, (node) => isFolded(folding, node)), [tree, folding]);
  const current = useRef(folding);
  useEffect(() => {
    current.current = folding;
  });
  const toggle = useCallback((id: string) => setChosen(turn(current.current, id)), []);
  const canFold = tree.order.some(({ parent, below }) => parent !== null && below > 0);
  return {
    folding,
    nodes,
    hasFolded: canFold || nodes.length < tree.order.length ? nodes.length < tree.order.length : null,
    toggle,
    openAll: () => setChosen(OPEN),
    closeAll: () => setChosen(CLOSED),
  };
}
