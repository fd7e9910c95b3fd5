// One trace in two lines: its name and figures; what was asked and what was answered.
import { Link } from "@tanstack/react-router";
import { IconTool, IconX } from "@tabler/icons-react";
import { memo, type MouseEvent } from "react";
import { Ago, CachedShare, Clock, Cost, Duration, ModelName, Tokens, Unknown } from "@/components/Quantity";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { spanLabel } from "@/model/modelName";
import { markedPieces } from "@/model/marks";
import { latencyShare, slowTimes } from "@/model/slowness";
import type { TraceRow as Row } from "@/model/trace";
import styles from "./TraceTable.module.css";

interface Props {
  row: Row;
  index: number;
  isSelected: boolean;
  medians: ReadonlyMap<string, number>;
  /** Words that are looked for. */
  words: readonly string[];
  nowMs: number;
  onOpen: (row: Row) => void;
}

export const TraceRow = memo(function TraceRow({ row, index, isSelected, medians, words, nowMs, onOpen }: Props) {
  const { t } = useSpeech();
  const [model, ...others] = row.models;
  const click = (event: MouseEvent) => {
    // Another tab is the link's own business; so is a selection of text that ends here.
    if (event.metaKey || event.ctrlKey || event.shiftKey || window.getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    onOpen(row);
  };
  return (
    <div role="row" aria-rowindex={index + 2} aria-selected={isSelected} className={styles.row} onClick={click}>
      <div role="gridcell" className={styles.cell}>
        <div className={styles.clock}>
          <Clock ns={row.startNs} />
        </div>
        <div className={styles.faint}>
          <Ago ns={row.startNs} nowMs={nowMs} />
        </div>
      </div>
      <div role="gridcell" className={styles.cell}>
        <div className={styles.first}>
          <Link to="/traces/$traceId" params={{ traceId: row.id }} className={styles.name} preload={false}>
            {spanLabel(row.name, model ?? null)}
          </Link>
          <Fault row={row} />
        </div>
        <div className={styles.second}>
          <Words row={row} words={words} />
          {row.tools.length > 0 && (
            <span className={styles.tools} data-tip={row.tools.join("\n")}>
              <IconTool size={13} stroke={1.7} aria-hidden />
              <span>{row.tools.join(", ")}</span>
            </span>
          )}
        </div>
      </div>
      <div role="gridcell" className={cx(styles.cell, styles.model)}>
        {model === undefined ? <Unknown why={t.whyNoModel} /> : <ModelName id={model} />}
        {others.length > 0 && (
          <span className={styles.faint} data-tip={row.models.join("\n")}>
            {" "}
            {t.moreModels(others.length)}
          </span>
        )}
      </div>
      <Latency row={row} times={slowTimes(row, medians)} />
      <div role="gridcell" className={cx(styles.cell, styles.number)}>
        <Duration ns={row.firstTokenNs} why={t.whyNoFirstToken} />
      </div>
      <div role="gridcell" className={cx(styles.cell, styles.number)}>
        <Tokens usage={row.usage} />
        <div className={styles.cached}>
          <CachedShare usage={row.usage} />
        </div>
      </div>
      <div role="gridcell" className={cx(styles.cell, styles.number)}>
        <Cost usd={row.costUsd} reason={row.costReason} isPartial={row.isCostPartial} />
      </div>
    </div>
  );
});

function Fault({ row }: { row: Row }) {
  const { t } = useSpeech();
  const attempts = row.attempts > 1 ? t.attempts(row.attempts) : null;
  const state = row.state === "COMPLETE" ? null : row.state === "IN_PROGRESS" ? t.stillRunning : t.rootMissing;
  if (row.status !== "ERROR") {
    const notes = [state, attempts].filter(Boolean).join(" · ");
    return notes && <span className={styles.retried}>{notes}</span>;
  }
  const words = [row.error?.type ?? t.error, state, attempts].filter(Boolean).join(" · ");
  return (
    <span className={styles.fault} data-tip={row.error?.message}>
      <IconX size={14} stroke={2.4} aria-label={t.error} />
      <span>{words}</span>
    </span>
  );
}

function Words({ row, words }: { row: Row; words: readonly string[] }) {
  const { t } = useSpeech();
  if (row.asked === null && row.answered === null) {
    return <span className={styles.words}>{row.error?.message ?? <Unknown why={t.whyNoWords} />}</span>;
  }
  return (
    <span className={styles.words}>
      {row.asked !== null && <span className={styles.asked}>{marked(row.asked, words)}</span>}
      {row.answered !== null && (
        <>
          <span className={styles.arrow}>→</span>
          <span className={styles.answered}>{marked(row.answered, words)}</span>
        </>
      )}
    </span>
  );
}

const marked = (text: string, words: readonly string[]) =>
  words.length === 0 ? text : markedPieces(text, words).map((piece, i) => (piece.isMark ? <mark key={i}>{piece.text}</mark> : piece.text));

function Latency({ row, times }: { row: Row; times: number | null }) {
  const { t } = useSpeech();
  const isFailed = row.status === "ERROR";
  return (
    <div
      role="gridcell"
      className={cx(styles.cell, styles.latency, isFailed ? styles.failed : times !== null && styles.slow)}
      data-tip={times === null ? undefined : t.slowHover(times.toFixed(1), row.name)}
    >
      <span className={styles.track} aria-hidden>
        <span className={styles.fill} style={{ width: `${latencyShare(row.durationNs) * 100}%` }} />
      </span>
      <span className={styles.amount}>{formatDuration(row.durationNs)}</span>
    </div>
  );
}
