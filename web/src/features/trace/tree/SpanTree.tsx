// Tree and waterfall in one: what called what, and when. Arrows move and fold; j and k move from anywhere.
import { useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { ScrollPane, VirtualRows } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { keepChoice, readChoice } from "@/lib/storage";
import { criticalPath } from "@/model/criticalPath";
import { isFolded as isFoldedIn } from "@/model/folding";
import { timeWindow } from "@/model/timeline";
import { isWhole, panned, windowOf, wholeView } from "@/model/timeView";
import { stepTo } from "@/model/treeSearch";
import type { SpanNode, SpanTree as Tree } from "@/model/tree";
import { Minimap } from "./Minimap";
import { SpanRow } from "./SpanRow";
import styles from "./SpanTree.module.css";
import { marksOf, TimeAxis } from "./TimeAxis";
import { TreeBar } from "./TreeBar";
import { treeKeys } from "./treeKeys";
import { useFolding } from "./useFolding";
import { useTimeView } from "./useTimeView";
import { useTrackGestures } from "./useTrackGestures";
import { useTreeSearch } from "./useTreeSearch";

interface Props {
  tree: Tree;
  /** How many spans there are, of which some may be on their way. */
  count: number;
  isLoading: boolean;
  selected: string | null;
  onSelect: (spanId: string) => void;
  find: string;
  onFind: (words: string) => void;
  /** Further tools for the bar above the tree. */
  children?: ReactNode;
}

// Fewer are seen at a glance as they are.
const MANY = 24;
const DIM = "criticalPath";

export function SpanTree({ tree, count, isLoading, selected, onSelect, find, onFind, children }: Props) {
  const { t } = useSpeech();
  const whole = useMemo(() => timeWindow(tree.order.map(({ span }) => span)), [tree]);
  const time = useTimeView(whole);
  const { view } = time;
  const window = useMemo(() => windowOf(view, whole), [view, whole]);
  const marks = useMemo(() => marksOf(view), [view]);
  const path = useMemo(() => criticalPath(tree, whole), [tree, whole]);
  const [isDimmed, setIsDimmed] = useState(() => readChoice(DIM) === "1");
  const folding = useFolding(tree, count, selected);
  const { nodes } = folding;
  const node = selected === null ? undefined : tree.byId.get(selected);
  const at = node ? nodes.indexOf(node) : -1;
  const search = useTreeSearch(tree, find, onFind);
  const axis = useRef<HTMLSpanElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const { handlers, drawn } = useTrackGestures(box, axis, time);

  const go = useCallback((to: SpanNode | undefined) => to && onSelect(to.span.id), [onSelect]);
  const move = (to: number) => go(nodes[Math.min(Math.max(to, 0), nodes.length - 1)]);
  const step = (direction: 1 | -1) => go(stepTo(search.matchesNow(), node, direction));
  const failed = useMemo(() => tree.order.filter(({ span }) => span.status === "ERROR"), [tree]);
  useKeys({
    j: () => move(at + 1),
    k: () => move(at - 1),
    e: () => go(stepTo(failed, node, 1)),
    "/": (event) => {
      event.preventDefault();
      field.current?.focus();
    },
    "+": () => time.zoom(2),
    "=": () => time.zoom(2),
    "-": () => time.zoom(0.5),
    0: () => time.setView(wholeView(whole)),
    z: () => node && time.zoomTo(node.span),
    ArrowLeft: (event) => event.shiftKey && time.setView(panned(view, whole, -0.25)),
    ArrowRight: (event) => event.shiftKey && time.setView(panned(view, whole, 0.25)),
  });
  const press = (event: KeyboardEvent) => {
    if (event.shiftKey) return;
    const act = node && treeKeys(node, isFoldedIn(folding.folding, node), { toggle: folding.toggle, onSelect, move, at })[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const dim = () => {
    keepChoice(DIM, isDimmed ? "0" : "1");
    setIsDimmed(!isDimmed);
  };

  return (
    <>
      <TreeBar
        search={search}
        field={field}
        current={node}
        onStep={step}
        folding={folding}
        critical={path.size > 1 ? { isOn: isDimmed, onToggle: dim } : null}
      >
        {children}
      </TreeBar>
      {(count > MANY || !isWhole(view, whole)) && <Minimap tree={isLoading ? null : tree} whole={whole} view={view} onView={time.setView} />}
      <TimeAxis ref={axis} marks={marks} isLoading={isLoading} onWhole={isWhole(view, whole) ? null : () => time.setView(wholeView(whole))} />
      <div className={styles.body} {...handlers} ref={box}>
        <ScrollPane>
          <div
            role="tree"
            aria-label={t.spans}
            aria-busy={isLoading}
            tabIndex={0}
            aria-activedescendant={selected === null ? undefined : `span-${selected}`}
            className={styles.tree}
            data-dimmed={isDimmed || undefined}
            onKeyDown={press}
          >
            <VirtualRows
              count={nodes.length}
              height={32}
              keyOf={(i) => nodes[i]?.span.id ?? i}
              reveal={at >= 0 ? at : undefined}
              render={(i) => {
                const row = nodes[i];
                return row && (
                  <SpanRow
                    node={row}
                    window={window}
                    offsetNs={view.fromNs}
                    marks={marks.marks}
                    path={path.get(row.span.id) ?? NO_PATH}
                    isSelected={i === at}
                    isFolded={isFoldedIn(folding.folding, row)}
                    isCounted={!isLoading}
                    isMatch={search.isMatch(row)}
                    onSelect={onSelect}
                    onToggle={folding.toggle}
                  />
                );
              }}
            />
          </div>
        </ScrollPane>
        {drawn && <span className={styles.drawn} style={drawn} />}
      </div>
    </>
  );
}

const NO_PATH: readonly never[] = [];
