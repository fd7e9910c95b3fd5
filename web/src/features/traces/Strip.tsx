// When the traces began, as a strip of bars with the failed ones in red. Drawing over it chooses a stretch.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type PointerEvent } from "react";
import { histogramQuery, type ListAsk } from "@/api/queries";
import { formatCount, formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { stretchBetween, type Bar, type Histogram } from "@/model/histogram";
import styles from "./Strip.module.css";

interface Props {
  ask: ListAsk;
  onStretch: (from: number, to: number) => void;
}

export function Strip({ ask, onStretch }: Props) {
  const { data } = useQuery(histogramQuery(ask));
  // Its place is kept while it loads; a strip that cannot be had is no reason to say anything.
  return <div className={styles.strip}>{data && <Bars histogram={data} onStretch={onStretch} />}</div>;
}

function Bars({ histogram, onStretch }: { histogram: Histogram; onStretch: Props["onStretch"] }) {
  const { t, language } = useSpeech();
  const { bars, sinceMs, untilMs, stepMs } = histogram;
  const brush = useBrush((one, other) => onStretch(...stretchBetween(histogram, one, other)));
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const length = untilMs - sinceMs;
  const total = bars.reduce((sum, { count }) => sum + count, 0);
  const failed = bars.reduce((sum, { errors }) => sum + errors, 0);
  const words = (bar: Bar) =>
    [
      formatStretch(bar.startMs, bar.startMs + stepMs, language),
      t.traceCount(bar.count, formatCount(bar.count, language)),
      ...(bar.errors > 0 ? [t.failedCount(bar.errors, formatCount(bar.errors, language))] : []),
    ].join("\n");
  return (
    <div
      className={styles.bars}
      role="img"
      aria-label={t.histogram(formatCount(total, language), formatCount(failed, language))}
      {...brush.handlers}
    >
      {bars.map((bar) => (
        <span
          key={bar.startMs}
          className={styles.slot}
          data-tip={words(bar)}
          style={{ left: `${((bar.startMs - sinceMs) / length) * 100}%`, width: `${(stepMs / length) * 100}%` }}
        >
          {/* A few traces must be seen beside thousands. */}
          <span className={styles.bar} style={{ height: `${Math.max((bar.count / most) * 100, 6)}%` }}>
            {bar.errors > 0 && <span className={styles.errors} style={{ height: `${Math.max((bar.errors / bar.count) * 100, 12)}%` }} />}
          </span>
        </span>
      ))}
      {brush.span && <span className={styles.brush} style={{ left: `${brush.span[0] * 100}%`, width: `${(brush.span[1] - brush.span[0]) * 100}%` }} />}
    </div>
  );
}

// A click without a way is a click on one bar.
function useBrush(onDone: (one: number, other: number) => void) {
  const begin = useRef<number | null>(null);
  const [span, setSpan] = useState<[number, number] | null>(null);
  const placeOf = ({ currentTarget, clientX }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return width > 0 ? Math.min(Math.max((clientX - left) / width, 0), 0.999999) : 0;
  };
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      begin.current = placeOf(event);
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (begin.current === null) return;
      const here = placeOf(event);
      setSpan([Math.min(begin.current, here), Math.max(begin.current, here)]);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      if (begin.current === null) return;
      const from = begin.current;
      begin.current = null;
      setSpan(null);
      onDone(from, placeOf(event));
    },
    onPointerCancel: () => {
      begin.current = null;
      setSpan(null);
    },
  };
  return { span, handlers };
}
