// The strip: one tick a chunk over true time, the first token marked, stalls in amber.
import { useMemo, type MouseEvent } from "react";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Arrival } from "@/model/stream";
import { ticks } from "@/model/timeline";
import styles from "./Events.module.css";

interface Props {
  arrived: Arrival;
  /** From the span's start; null if nothing came. */
  firstTokenNs: number | null;
  lengthNs: number;
  chunk: number | undefined;
  onChunk: (index: number) => void;
}

const HEIGHT = 44;

export function StripChart({ arrived, firstTokenNs, lengthNs, chunk, onChunk }: Props) {
  const { t } = useSpeech();
  const { rows } = arrived;
  const end = Math.max(lengthNs, rows.at(-1)?.chunk.offsetNs ?? 0, 1);
  const share = (ns: number): number => (ns / end) * 100;
  const most = useMemo(() => Math.max(1, ...rows.slice(0, 5000).map(({ chunk: { text } }) => text?.length ?? 0)), [rows]);
  const marks = useMemo(() => ticks(end, 6), [end]);
  const pick = (event: MouseEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * end;
    const nearest = rows.reduce((best, row) => (Math.abs(row.chunk.offsetNs - at) < Math.abs(best.chunk.offsetNs - at) ? row : best), rows[0] ?? { chunk: { offsetNs: 0, index: 0 } });
    onChunk(nearest.chunk.index);
  };
  return (
    <figure className={styles.strip} aria-label={t.chunkStrip}>
      <div className={styles.plot} style={{ height: HEIGHT }} onClick={pick}>
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
          {rows.map(({ chunk: { index, offsetNs, kind, text } }) => {
            const tall = kind === "other" ? 6 : 12 + ((text?.length ?? 0) / most) * (HEIGHT - 16);
            return (
              <line
                key={index}
                x1={share(offsetNs)}
                x2={share(offsetNs)}
                y1={HEIGHT}
                y2={HEIGHT - tall}
                className={styles[kind]}
                data-chosen={index === chunk || undefined}
                vectorEffect="non-scaling-stroke"
              />
            );
          })}
        </svg>
        {firstTokenNs !== null && <span className={styles.firstToken} style={{ left: `${share(firstTokenNs)}%` }} />}
      </div>
      <div className={styles.axis} aria-hidden>
        {marks.filter((ns) => ns < end * 0.97).map((ns) => (
          <span key={ns} style={{ left: `${share(ns)}%` }}>{formatDuration(ns)}</span>
        ))}
      </div>
      {firstTokenNs !== null && (
        <figcaption>
          {t.firstToken} <b>{formatDuration(firstTokenNs)}</b>
        </figcaption>
      )}
    </figure>
  );
}
