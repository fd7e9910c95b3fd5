// What the arrows do in the tree, as trees do everywhere.
import type { SpanNode } from "@/model/tree";

interface Moves {
  toggle: (id: string) => void;
  onSelect: (id: string) => void;
  move: (to: number) => void;
  at: number;
}

export function treeKeys(node: SpanNode, isFolded: boolean, { toggle, onSelect, move, at }: Moves): Record<string, () => void> {
  const { id } = node.span;
  const [child] = node.children;
  return {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    PageDown: () => move(at + 20),
    PageUp: () => move(at - 20),
    Home: () => move(0),
    End: () => move(Infinity),
    ArrowRight: () => {
      if (child && isFolded) toggle(id);
      else if (child) onSelect(child.span.id);
    },
    ArrowLeft: () => {
      if (child && !isFolded) toggle(id);
      else if (node.parent) onSelect(node.parent.span.id);
    },
    " ": () => child && toggle(id),
    Enter: () => child && toggle(id),
  };
}
