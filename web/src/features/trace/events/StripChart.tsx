// The strip: one tick a chunk over true time, the first token marked, stalls in amber, attempts and exceptions above
// them, the pace of the text behind them, and the moment that is shown.
import { useMemo, type PointerEvent } from "react";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { paceCurve, type StripEvent } from "@/model/playback";
import type { Arrival, ChunkKind, ChunkRow } from "@/model/stream";
import { ticks, withRoom } from "@/model/timeline";
import styles from "./Events.module.css";

interface Props {
  arrived: Arrival;
  events: readonly StripEvent[];
  /** From the span's start; null if nothing came. */
  firstTokenNs: number | null;
  lengthNs: number;
  chunk?: number | undefined;
  onChunk?: (index: number) => void;
  /** The moment that is shown; null where that is all of it. */
  atNs?: number | null;
  onSeek?: (ns: number) => void;
}

const HEIGHT = 44;
// As many steps of the pace as have some chunks each: fewer would be a comb.
const MOST_STEPS = 60;
const CHUNKS_A_STEP = 5;
const KINDS: readonly ChunkKind[] = ["other", "tool_input", "reasoning", "text"];

export function StripChart({ arrived, events, firstTokenNs, lengthNs, chunk, onChunk, atNs = null, onSeek }: Props) {
  const { t } = useSpeech();
  const { rows } = arrived;
  const share = (ns: number): number => (ns / lengthNs) * 100;
  const marks = useMemo(() => ticks(lengthNs, 6), [lengthNs]);
  const paths = useMemo(() => tickPaths(rows, lengthNs), [rows, lengthNs]);
  const pace = useMemo(() => pacePath(paceCurve(rows.map((row) => row.chunk), lengthNs, Math.max(Math.min(Math.floor(rows.length / CHUNKS_A_STEP), MOST_STEPS), 1))), [rows, lengthNs]);
  const chosen = chunk === undefined ? undefined : rows.find((row) => row.chunk.index === chunk);
  const pointAt = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return box.width === 0 ? 0 : Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * lengthNs;
  };
  const down = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = pointAt(event);
    onSeek?.(at);
    const nearest = rows.reduce<ChunkRow | null>((best, row) => (best && Math.abs(best.chunk.offsetNs - at) <= Math.abs(row.chunk.offsetNs - at) ? best : row), null);
    if (nearest) onChunk?.(nearest.chunk.index);
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) onSeek?.(pointAt(event));
  };
  return (
    <figure className={styles.strip} aria-label={rows.length > 0 ? t.chunkStrip : t.otherEvents}>
      <div className={styles.plot} style={{ height: HEIGHT }} onPointerDown={down} onPointerMove={move}>
        {marks.map((ns) => (
          <span key={ns} className={styles.grid} style={{ left: `${share(ns)}%` }} />
        ))}
        {firstTokenNs !== null && <span className={styles.waiting} style={{ width: `${share(firstTokenNs)}%` }} />}
        {rows.map(
          ({ chunk: { index, offsetNs }, gapNs, isStall }) =>
            isStall && (
              <span
                key={index}
                className={styles.stall}
                data-tip={t.stallHover(formatDuration(gapNs ?? 0))}
                style={{ left: `${share(offsetNs - (gapNs ?? 0))}%`, width: `${share(gapNs ?? 0)}%` }}
              />
            ),
        )}
        <svg className={styles.ticks} viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
          {pace !== "" && <path className={styles.pace} d={pace} />}
          {KINDS.map((kind) => paths[kind] !== "" && <path key={kind} d={paths[kind]} className={styles[kind]} vectorEffect="non-scaling-stroke" />)}
          {chosen && <path d={`M${share(chosen.chunk.offsetNs)} ${HEIGHT}V0`} data-chosen vectorEffect="non-scaling-stroke" />}
        </svg>
        {firstTokenNs !== null && <span className={styles.firstToken} style={{ left: `${share(firstTokenNs)}%` }} />}
        {events.map((event, i) => (
          <span
            key={i}
            className={cx(styles.happened, styles[event.kind])}
            data-tip={`${formatDuration(event.fromNs)}\n${event.words}`}
            style={{ left: `${share(event.fromNs)}%`, width: `${share(event.toNs - event.fromNs)}%` }}
          />
        ))}
        {atNs !== null && (
          <>
            <span className={styles.yet} style={{ left: `${share(atNs)}%` }} />
            <span className={styles.head} style={{ left: `${share(atNs)}%` }} />
          </>
        )}
      </div>
      <div className={styles.axis} aria-hidden>
        {withRoom(marks.map((ns) => ({ ns, share: ns / lengthNs })), { edge: 0.94, gap: 0.1 }).map(({ ns }) => (
          <span key={ns} style={{ left: `${share(ns)}%` }}>{formatDuration(ns)}</span>
        ))}
      </div>
    </figure>
  );
}

/** One path a kind, however many chunks there are. Longer texts are taller. */
function tickPaths(rows: readonly ChunkRow[], lengthNs: number): Record<ChunkKind, string> {
  let most = 1;
  for (const { chunk } of rows) most = Math.max(most, chunk.text?.length ?? 0);
  const paths: Record<ChunkKind, string> = { text: "", reasoning: "", tool_input: "", other: "" };
  for (const { chunk: { offsetNs, kind, text } } of rows) {
    const tall = kind === "other" ? 6 : 12 + ((text?.length ?? 0) / most) * (HEIGHT - 20);
    paths[kind] += `M${((offsetNs / lengthNs) * 100).toFixed(3)} ${HEIGHT}V${(HEIGHT - tall).toFixed(1)}`;
  }
  return paths;
}

function pacePath(curve: readonly number[]): string {
  if (curve.length === 0) return "";
  const step = 100 / curve.length;
  return `M0 ${HEIGHT}${curve.map((height, i) => `L${((i + 0.5) * step).toFixed(2)} ${(HEIGHT - height * (HEIGHT - 4)).toFixed(1)}`).join("")}L100 ${HEIGHT}Z`;
}
