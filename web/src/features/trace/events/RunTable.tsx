// Chunks joined by block: from when to when, how many, and what they say together.
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson } from "@/lib/json";
import type { ChunkRun } from "@/model/playback";
import styles from "./Events.module.css";

export function RunTable({ runs }: { runs: readonly ChunkRun[] }) {
  const { t, language } = useSpeech();
  return (
    <div role="table" aria-label={t.mergedChunks}>
      <div role="row" className={styles.runHead}>
        <span role="columnheader">{t.sinceStart}</span>
        <span role="columnheader">{t.lasted}</span>
        <span role="columnheader">{t.chunkNumber}</span>
        <span role="columnheader">{t.type}</span>
        <span role="columnheader">{t.content}</span>
      </div>
      {runs.map(({ first, count, type, kind, text, lastOffsetNs, stalls }) => (
        <div key={first.chunk.index} role="row" className={styles.run}>
          <span role="cell">{formatDuration(first.chunk.offsetNs)}</span>
          <span role="cell" className={cx(stalls > 0 && styles.amber)} data-tip={stalls > 0 ? t.stalls(stalls) : undefined}>
            {count > 1 ? formatDuration(lastOffsetNs - first.chunk.offsetNs) : ""}
          </span>
          <span role="cell">{formatCount(count, language)}</span>
          <span role="cell" className={cx(styles.type, type.endsWith("Exception") && styles.red)}>{type}</span>
          <span role="cell" className={cx(styles.runText, kind !== "text" && styles.quiet)}>{text ?? inlineJson(first.chunk.data, 300)}</span>
        </div>
      ))}
    </div>
  );
}
