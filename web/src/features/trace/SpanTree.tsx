// Tree and waterfall in one: what called what, and when. Arrows move and fold; j and k move from anywhere.
import { IconFold, IconFoldDown } from "@tabler/icons-react";
import { useMemo, useState, type KeyboardEvent } from "react";
import { IconButton } from "@/components/IconButton";
import { ScrollPane, VirtualRows } from "@/components/VirtualRows";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useNarrow } from "@/lib/useNarrow";
import { ticks, timeWindow, withRoom } from "@/model/timeline";
import type { Span } from "@/model/trace";
import { ancestors, visibleNodes, type SpanNode, type SpanTree as Tree } from "@/model/tree";
import { SpanRow } from "./SpanRow";
import styles from "./SpanTree.module.css";

interface Props {
  tree: Tree;
  spans: readonly Span[];
  selected: string | null;
  onSelect: (spanId: string) => void;
}

// Shares of the axis: a label beyond `edge` would be cut at its end, one nearer than `gap` touch the one before.
// In a narrow window the axis is short, and its labels are as long as ever.
const WIDE = { edge: 0.88, gap: 0.15 };
const NARROW = { edge: 0.78, gap: 0.45 };

export function SpanTree({ tree, spans, selected, onSelect }: Props) {
  const { t } = useSpeech();
  const room = useNarrow() ? NARROW : WIDE;
  const window = useMemo(() => timeWindow(spans), [spans]);
  const marks = useMemo(() => ticks(window.lengthNs, 4).map((at) => ({ at, share: at / window.lengthNs })), [window]);
  const { nodes, folded, toggle, setFolded } = useFolding(tree, selected);
  const at = nodes.findIndex(({ span }) => span.id === selected);
  const branches = useMemo(() => [...tree.byId.values()].filter((node) => node.children.length > 0 && node.parent), [tree]);
  const isFolded = folded.size > 0;

  const move = (to: number) => {
    const node = nodes[Math.min(Math.max(to, 0), nodes.length - 1)];
    if (node) onSelect(node.span.id);
  };
  useKeys({ j: () => move(at + 1), k: () => move(at - 1) });
  const press = (event: KeyboardEvent) => {
    const node = nodes[at];
    const act = node && treeKeys(node, folded.has(node.span.id), { toggle, onSelect, move, at })[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <>
      <div className={styles.head}>
        <span className={styles.spans}>
          {t.spans}
          {branches.length > 0 && (
            <IconButton
              label={isFolded ? t.expandAll : t.collapseAll}
              className={styles.foldAll}
              onClick={() => setFolded(isFolded ? new Set() : new Set(branches.map(({ span }) => span.id)))}
            >
              {isFolded ? <IconFoldDown size={15} stroke={1.6} /> : <IconFold size={15} stroke={1.6} />}
            </IconButton>
          )}
        </span>
        <span className={styles.axis} aria-hidden>
          {withRoom(marks, room).map(({ at: ns, share }) => (
            <span key={ns} style={{ left: `${share * 100}%` }}>{formatDuration(ns)}</span>
          ))}
        </span>
        <span />
      </div>
      <ScrollPane>
        <div
          role="tree"
          aria-label={t.spans}
          tabIndex={0}
          aria-activedescendant={selected === null ? undefined : `span-${selected}`}
          className={styles.tree}
          onKeyDown={press}
        >
          <VirtualRows
            count={nodes.length}
            height={32}
            keyOf={(i) => nodes[i]?.span.id ?? i}
            reveal={at >= 0 ? at : undefined}
            render={(i) => {
              const node = nodes[i];
              return node && (
                <SpanRow
                  node={node}
                  window={window}
                  marks={marks}
                  isSelected={i === at}
                  isFolded={folded.has(node.span.id)}
                  onSelect={onSelect}
                  onToggle={toggle}
                />
              );
            }}
          />
        </div>
      </ScrollPane>
    </>
  );
}

function useFolding(tree: Tree, selected: string | null) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  // What is selected is in sight: its forebears count as open.
  const open = useMemo(() => {
    const node = selected === null ? undefined : tree.byId.get(selected);
    if (!node || folded.size === 0) return folded;
    const above = new Set(ancestors(node).map(({ span }) => span.id));
    return new Set([...folded].filter((id) => !above.has(id)));
  }, [tree, selected, folded]);
  const nodes = useMemo(() => visibleNodes(tree, open), [tree, open]);
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  return { nodes, folded: open, toggle, setFolded };
}

interface Moves {
  toggle: (id: string) => void;
  onSelect: (id: string) => void;
  move: (to: number) => void;
  at: number;
}

function treeKeys(node: SpanNode, isFolded: boolean, { toggle, onSelect, move, at }: Moves): Record<string, () => void> {
  const { id } = node.span;
  const [child] = node.children;
  return {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
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
  };
}
