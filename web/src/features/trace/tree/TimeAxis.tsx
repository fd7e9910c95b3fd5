// The axis above the waterfall: round moments since the trace began, of the part that is in sight.
import type { Ref } from "react";
import { formatMark } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useNarrow } from "@/lib/useNarrow";
import { ticksWithin, withRoom } from "@/model/timeline";
import { lengthOf, type TimeView } from "@/model/timeView";
import styles from "./SpanTree.module.css";

export interface Mark {
  at: number;
  share: number;
}

export interface Marks {
  marks: readonly Mark[];
  stepNs: number;
}

// Shares of the axis: a label beyond `edge` would be cut at its end, one nearer than `gap` touch the one before.
// In a narrow window the axis is short, and its labels are as long as ever.
const WIDE = { edge: 0.88, gap: 0.15 };
const NARROW = { edge: 0.78, gap: 0.45 };

// A label nearer to the start would be cut at its beginning.
const FIRST = 0.1;

export function marksOf(view: TimeView): Marks {
  const { marks, stepNs } = ticksWithin(view.fromNs, view.toNs, 4);
  return { marks: marks.map((at) => ({ at, share: (at - view.fromNs) / lengthOf(view) })), stepNs };
}

interface Props {
  ref: Ref<HTMLSpanElement>;
  marks: Marks;
  isLoading: boolean;
  /** Shows the whole time; null where it is shown. */
  onWhole: (() => void) | null;
}

export function TimeAxis({ ref, marks, isLoading, onWhole }: Props) {
  const { t } = useSpeech();
  const room = useNarrow() ? NARROW : WIDE;
  return (
    <div className={styles.head} onDoubleClick={onWhole ?? undefined}>
      <span className={styles.spans}>
        {isLoading ? <span role="status">{t.loadingSpans}…</span> : t.spans}
        {onWhole && (
          <button type="button" className={styles.whole} onClick={onWhole}>
            {t.wholeTime}
          </button>
        )}
      </span>
      <span ref={ref} className={styles.axis} aria-hidden>
        {withRoom(marks.marks.filter(({ share }) => share > FIRST), room).map(({ at, share }) => (
          <span key={at} style={{ left: `${share * 100}%` }}>{formatMark(at, marks.stepNs)}</span>
        ))}
      </span>
      <span />
    </div>
  );
}
