// The whole trace in a strip: what ran when, where it failed, and which part of it the waterfall shows.
import { useMemo, useRef, useState, type PointerEvent } from "react";
import { hueOf } from "@/components/SpanIcon";
import { useSpeech } from "@/lib/i18n/language";
import { minimap } from "@/model/minimap";
import type { TimeWindow } from "@/model/timeline";
import { isWhole, panned, lengthOf, stretchOf, wholeView, type TimeView } from "@/model/timeView";
import type { SpanTree } from "@/model/tree";
import styles from "./Minimap.module.css";

interface Props {
  /** Null while not all of it has come: a part would mislead. */
  tree: SpanTree | null;
  whole: TimeWindow;
  view: TimeView;
  onView: (view: TimeView) => void;
}

const COLUMNS = 200;
const HEIGHT = 24;
const LEAST_PX = 4;

/** What a pointer does: draws a new frame, moves the frame, or one of its edges. `atNs` is where it stays or began. */
interface Grip {
  kind: "draw" | "move";
  atNs: number;
  x: number;
  view: TimeView;
}

export function Minimap({ tree, whole, view, onView }: Props) {
  const { t } = useSpeech();
  const columns = useMemo(() => (tree ? minimap(tree, whole, COLUMNS) : []), [tree, whole]);
  const box = useRef<HTMLDivElement>(null);
  const [grip, setGrip] = useState<Grip | null>(null);
  const share = (ns: number): number => (ns / whole.lengthNs) * 100;
  const isZoomed = !isWhole(view, whole);
  const placeOf = (event: PointerEvent) => {
    const rect = box.current?.getBoundingClientRect();
    if (!rect || rect.width === 0) return null;
    return { ns: ((event.clientX - rect.left) / rect.width) * whole.lengthNs, edge: (6 / rect.width) * whole.lengthNs };
  };
  const down = (event: PointerEvent<HTMLElement>) => {
    const place = placeOf(event);
    if (!place || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setGrip(gripAt(place.ns, place.edge, isZoomed ? view : null, event.clientX));
  };
  const move = (event: PointerEvent) => {
    const place = placeOf(event);
    if (!grip || !place) return;
    if (grip.kind === "move") onView(panned(grip.view, whole, (place.ns - grip.atNs) / lengthOf(grip.view)));
    else if (Math.abs(event.clientX - grip.x) >= LEAST_PX) onView(stretchOf(grip.atNs, place.ns, whole));
  };
  return (
    <div
      ref={box}
      className={styles.map}
      role="img"
      aria-label={t.minimap}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => setGrip(null)}
      onPointerCancel={() => setGrip(null)}
      onDoubleClick={() => onView(wholeView(whole))}
    >
      <svg viewBox={`0 0 ${COLUMNS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        {columns.map((column, i) =>
          column && (
            <rect
              key={i}
              x={i}
              width={1.02}
              y={HEIGHT - column.height * HEIGHT}
              height={column.height * HEIGHT}
              fill={column.hasError ? "var(--red)" : hueOf(column.kind)}
              opacity={column.hasError ? 1 : 0.55}
            />
          ),
        )}
      </svg>
      {isZoomed && (
        <>
          <span className={styles.out} style={{ left: 0, width: `${share(view.fromNs)}%` }} />
          <span className={styles.frame} style={{ left: `${share(view.fromNs)}%`, width: `${share(lengthOf(view))}%` }} />
          <span className={styles.out} style={{ left: `${share(view.toNs)}%`, right: 0 }} />
        </>
      )}
    </div>
  );
}

/** At an edge of the frame that edge is drawn anew, within it the frame moves, elsewhere a new one is drawn. */
function gripAt(ns: number, edge: number, frame: TimeView | null, x: number): Grip {
  const view = frame ?? { fromNs: ns, toNs: ns };
  if (frame && Math.abs(ns - frame.fromNs) < edge) return { kind: "draw", atNs: frame.toNs, x: -Infinity, view };
  if (frame && Math.abs(ns - frame.toNs) < edge) return { kind: "draw", atNs: frame.fromNs, x: -Infinity, view };
  return { kind: frame && ns > frame.fromNs && ns < frame.toNs ? "move" : "draw", atNs: ns, x, view };
}
