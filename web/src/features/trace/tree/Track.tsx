// A span on the time axis: how long, until when its first token was waited for, and how much of it all waited for.
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Segment } from "@/model/criticalPath";
import { barOf, type TimeWindow } from "@/model/timeline";
import type { SpanNode } from "@/model/tree";
import styles from "./SpanTree.module.css";
import type { Mark } from "./TimeAxis";

interface Props {
  node: SpanNode;
  window: TimeWindow;
  offsetNs: number;
  marks: readonly Mark[];
  path: readonly Segment[];
  hue: string;
}

export function Track({ node, window, offsetNs, marks, path, hue }: Props) {
  const { t } = useSpeech();
  const { span } = node;
  const bar = barOf(span, window);
  const words = [formatDuration(span.durationNs), `${t.sinceStart} ${formatDuration(Math.max(bar.left * window.lengthNs + offsetNs, 0))}`];
  if (span.firstTokenNs !== null) words.push(`${t.firstToken} ${formatDuration(span.firstTokenNs)}`);
  const waited = path.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0);
  if (waited > 0) words.push(t.onCriticalPath(formatDuration(waited)));
  return (
    <span className={styles.track}>
      {marks.map(({ at, share }) => (
        <span key={at} className={styles.mark} style={{ left: `${share * 100}%` }} />
      ))}
      {bar.left > 1 ? (
        <IconChevronRight size={12} className={styles.later} aria-hidden />
      ) : bar.left + bar.width < 0 ? (
        <IconChevronLeft size={12} className={styles.before} aria-hidden />
      ) : (
        <span className={styles.bar} data-tip={words.join("\n")} style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%`, color: hue }}>
          {bar.notch === null ? (
            <span className={styles.solid} />
          ) : (
            <>
              <span className={styles.wait} style={{ width: `${bar.notch * 100}%` }} />
              <span className={styles.notch} />
              <span className={styles.solid} />
            </>
          )}
        </span>
      )}
      {inSight(path, offsetNs, window.lengthNs).map(({ fromNs, toNs }) => (
        <span key={fromNs} className={styles.path} style={{ left: `${((fromNs - offsetNs) / window.lengthNs) * 100}%`, width: `${((toNs - fromNs) / window.lengthNs) * 100}%` }} />
      ))}
    </span>
  );
}

/** The segments within a stretch; those that would touch on a screen are one. */
function inSight(path: readonly Segment[], fromNs: number, lengthNs: number): Segment[] {
  const seen: Segment[] = [];
  for (const segment of path) {
    if (segment.toNs < fromNs || segment.fromNs > fromNs + lengthNs) continue;
    const last = seen.at(-1);
    if (last && segment.fromNs - last.toNs < lengthNs / 300) last.toNs = segment.toNs;
    else seen.push({ ...segment });
  }
  return seen;
}
