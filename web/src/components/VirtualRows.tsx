// Rows of which only those in sight are rendered, within the nearest ScrollPane.
// Several lists and other content may share one pane, so there is one scroll bar and not three.
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { createContext, useContext, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { cx } from "@/lib/cx";
import styles from "./VirtualRows.module.css";

const PaneContext = createContext<HTMLElement | null>(null);

interface PaneProps {
  children: ReactNode;
  className?: string | undefined;
  /** Told how far it is scrolled, in pixels. */
  onScroll?: (top: number) => void;
}

export function ScrollPane({ children, className, onScroll }: PaneProps) {
  const [pane, setPane] = useState<HTMLElement | null>(null);
  return (
    <div ref={setPane} className={cx(styles.pane, className)} onScroll={onScroll && ((event) => onScroll(event.currentTarget.scrollTop))}>
      <PaneContext value={pane}>{children}</PaneContext>
    </div>
  );
}

interface Props {
  count: number;
  /** Height of a row, or the guess until it is measured. */
  height: number;
  isMeasured?: boolean;
  keyOf?: (index: number) => string | number;
  render: (index: number) => ReactNode;
  /** Brings this row into sight when it changes. */
  reveal?: number | undefined;
  /** Called with the last row in sight. */
  onLast?: (index: number) => void;
  role?: string;
  label?: string;
}

export function VirtualRows({ count, height, isMeasured = false, keyOf, render, reveal, onLast, role, label }: Props) {
  const pane = useContext(PaneContext);
  const box = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => pane,
    estimateSize: () => height,
    scrollMargin: margin,
    overscan: 12,
    ...(keyOf && { getItemKey: keyOf }),
  });
  useMargin(pane, box, margin, setMargin);
  useReveal(rows, reveal, pane);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index;
  useEffect(() => {
    if (last !== undefined) onLast?.(last);
  }, [last, onLast]);
  return (
    <div ref={box} role={role} aria-label={label} className={styles.rows} style={{ height: rows.getTotalSize() }}>
      {items.map((item) => (
        <div
          key={item.key}
          role="presentation"
          data-index={item.index}
          ref={isMeasured ? rows.measureElement : undefined}
          className={styles.row}
          style={{ transform: `translateY(${item.start - margin}px)`, ...(!isMeasured && { height }) }}
        >
          {render(item.index)}
        </div>
      ))}
    </div>
  );
}

/** Where the list begins within its pane; what stands above it may grow and shrink. */
function useMargin(
  pane: HTMLElement | null,
  box: React.RefObject<HTMLDivElement | null>,
  margin: number,
  setMargin: (margin: number) => void,
): void {
  useLayoutEffect(() => {
    const list = box.current;
    if (!pane || !list) return;
    const measure = () => {
      const next = Math.round(list.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop);
      if (next !== margin) setMargin(next);
    };
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(pane);
    for (const sibling of list.parentElement?.children ?? []) if (sibling !== list) observer.observe(sibling);
    return () => observer.disconnect();
  });
}

const NEAR = 2;

function useReveal(rows: Virtualizer<HTMLElement, Element>, reveal: number | undefined, pane: HTMLElement | null): void {
  const list = useRef(rows);
  useEffect(() => {
    list.current = rows;
  });
  useEffect(() => {
    if (!pane || reveal === undefined || reveal < 0) return;
    // A step beyond the edge scrolls by a row; what is far away comes to the middle, with what is round it.
    const range = list.current.range;
    const isNear = range !== null && reveal >= range.startIndex - NEAR && reveal <= range.endIndex + NEAR;
    list.current.scrollToIndex(reveal, { align: isNear ? "auto" : "center" });
  }, [reveal, pane]);
}
