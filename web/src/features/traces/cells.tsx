// What each column shows of a trace.
import { Link } from "@tanstack/react-router";
import { IconCheck, IconTool, IconX } from "@tabler/icons-react";
import type { MouseEvent, ReactNode } from "react";
import { Ago, CachedShare, Clock, Cost, Duration, ModelName, Tokens, Unknown } from "@/components/Quantity";
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { shortJudgement, type Assessment } from "@/model/assessment";
import type { Column } from "@/model/columns";
import { markedPieces } from "@/model/marks";
import { spanLabel } from "@/model/modelName";
import { latencyShare, slowTimes } from "@/model/slowness";
import type { TraceRow as Row } from "@/model/trace";
import styles from "./TraceTable.module.css";

export interface CellProps {
  row: Row;
  /** Words that are looked for. */
  words: readonly string[];
  medians: ReadonlyMap<string, number>;
  nowMs: number;
  /** The columns on show: what has one of its own is not said twice. */
  shown: ReadonlySet<Column>;
  isCompact: boolean;
  feedback: readonly Assessment[] | null | "failed";
}

type Cell = (props: CellProps) => ReactNode;

export const CELLS: Readonly<Record<Column, Cell>> = {
  time: Time,
  name: Name,
  status: Status,
  error: ErrorCode,
  model: Model,
  latency: Latency,
  firstToken: FirstToken,
  tokens: AllTokens,
  tokensIn: ({ row }) => <Count value={row.usage.input} />,
  tokensOut: ({ row }) => <Count value={row.usage.output} />,
  tokensCached: ({ row }) => <Count value={row.usage.cacheRead} />,
  cost: ({ row }) => <Cost usd={row.costUsd} reason={row.costReason} isPartial={row.isCostPartial} />,
  prompt: ({ row, words }) => <Words text={row.asked} words={words} />,
  answer: ({ row, words }) => <Words text={row.answered} words={words} />,
  tools: Tools,
  session: Session,
  user: User,
  tags: Tags,
  feedback: FeedbackCell,
};

function Time({ row, nowMs, isCompact }: CellProps) {
  return (
    <>
      <div className={styles.clock}>
        <Clock ns={row.startNs} />
      </div>
      {!isCompact && (
        <div className={styles.faint}>
          <Ago ns={row.startNs} nowMs={nowMs} />
        </div>
      )}
    </>
  );
}

function Name(props: CellProps) {
  const { row, words, shown, isCompact } = props;
  const said = <Said {...props} />;
  return (
    <>
      <div className={styles.first}>
        <Link to="/traces/$traceId" params={{ traceId: row.id }} className={styles.name} preload={false}>
          {marked(spanLabel(row.name, row.models[0] ?? null), words)}
        </Link>
        <Fault row={row} words={words} isShort={shown.has("error")} />
        {isCompact && said}
      </div>
      {!isCompact && <div className={styles.second}>{said}</div>}
    </>
  );
}

/** What was asked and answered, and the tools: as far as they have no columns of their own. */
function Said({ row, words, shown }: CellProps) {
  const { t } = useSpeech();
  const asked = shown.has("prompt") ? null : row.asked;
  const answered = shown.has("answer") ? null : row.answered;
  const hasNone = row.asked === null && row.answered === null;
  return (
    <>
      {(asked !== null || answered !== null) && (
        <span className={styles.words}>
          {asked !== null && <span className={styles.asked}>{marked(asked, words)}</span>}
          {answered !== null && (
            <>
              {/* A call of a tool brings its own arrow. */}
              {!answered.startsWith("→") && <span className={styles.arrow}>→</span>}
              <span className={styles.answered}>{marked(answered, words)}</span>
            </>
          )}
        </span>
      )}
      {hasNone && !shown.has("prompt") && (
        <span className={styles.words}>{row.error === null ? <Unknown why={t.whyNoWords} /> : marked(row.error.message, words)}</span>
      )}
      {!shown.has("tools") && row.tools.length > 0 && <ToolNames row={row} words={words} />}
    </>
  );
}

function ToolNames({ row, words }: Pick<CellProps, "row" | "words">) {
  return (
    <span className={styles.tools} data-tip={row.tools.join("\n")}>
      <IconTool size={13} stroke={1.7} aria-hidden />
      <span>{marked(row.tools.join(", "), words)}</span>
    </span>
  );
}

/** What went wrong, and what is odd about a trace; the code alone where it has no column. */
function Fault({ row, words, isShort }: { row: Row; words: readonly string[]; isShort: boolean }) {
  const { t } = useSpeech();
  const attempts = row.attempts > 1 ? t.attempts(row.attempts) : null;
  const state = row.state === "COMPLETE" ? null : row.state === "IN_PROGRESS" ? t.stillRunning : t.rootMissing;
  if (row.status !== "ERROR" || isShort) {
    const notes = [state, attempts].filter(Boolean).join(" · ");
    return notes && <span className={styles.retried}>{notes}</span>;
  }
  const said = [row.error?.type ?? t.error, state, attempts].filter(Boolean).join(" · ");
  return (
    <span className={styles.fault} data-tip={row.error?.message}>
      <IconX size={14} stroke={2.4} aria-label={t.error} />
      <span>{marked(said, words)}</span>
    </span>
  );
}

function Status({ row }: CellProps) {
  const { t } = useSpeech();
  if (row.status === "ERROR") {
    return (
      <span className={styles.fault}>
        <IconX size={14} stroke={2.4} aria-hidden />
        <span>{t.statusError}</span>
      </span>
    );
  }
  if (row.state === "IN_PROGRESS") return <span className={styles.retried}>{t.stillRunning}</span>;
  return (
    <span className={styles.fine}>
      {row.status === "OK" && <IconCheck size={14} stroke={1.8} aria-hidden />}
      {row.status === "OK" ? t.statusOk : t.statusUnset}
    </span>
  );
}

function ErrorCode({ row, words }: CellProps) {
  if (row.error === null) return null;
  return (
    <span className={styles.fault} data-tip={row.error.message}>
      <span>{marked(row.error.type, words)}</span>
    </span>
  );
}

function Model({ row }: CellProps) {
  const { t } = useSpeech();
  const [model, ...others] = row.models;
  return (
    <span className={styles.model}>
      {model === undefined ? <Unknown why={t.whyNoModel} /> : <ModelName id={model} />}
      {others.length > 0 && (
        <span className={styles.faint} data-tip={row.models.join("\n")}>
          {" "}
          {t.moreModels(others.length)}
        </span>
      )}
    </span>
  );
}

function Latency({ row, medians }: CellProps) {
  const { t } = useSpeech();
  const times = slowTimes(row, medians);
  const isFailed = row.status === "ERROR";
  return (
    <span
      className={cx(styles.latency, isFailed ? styles.failed : times !== null && styles.slow)}
      data-tip={times === null ? undefined : t.slowHover(times.toFixed(1), row.name)}
    >
      <span className={styles.track} aria-hidden>
        <span className={styles.fill} style={{ width: `${latencyShare(row.durationNs) * 100}%` }} />
      </span>
      <span className={styles.amount}>{formatDuration(row.durationNs)}</span>
    </span>
  );
}

function FirstToken({ row }: CellProps) {
  const { t } = useSpeech();
  return <Duration ns={row.firstTokenNs} why={t.whyNoFirstToken} />;
}

function AllTokens({ row, isCompact }: CellProps) {
  return (
    <>
      <Tokens usage={row.usage} />
      {!isCompact && (
        <div className={styles.cached}>
          <CachedShare usage={row.usage} />
        </div>
      )}
    </>
  );
}

function Count({ value }: { value: number | null }) {
  const { t, language } = useSpeech();
  return value === null ? <Unknown why={t.whyNoTokens} /> : formatCount(value, language);
}

function Words({ text, words }: { text: string | null; words: readonly string[] }) {
  const { t } = useSpeech();
  if (text === null) return <Unknown why={t.whyNoWords} />;
  return (
    <span className={styles.text} data-tip={text}>
      {marked(text, words)}
    </span>
  );
}

function Tools({ row, words }: CellProps) {
  return row.tools.length > 0 && <ToolNames row={row} words={words} />;
}

// A click on the row opens the trace; these lead elsewhere.
const apart = (event: MouseEvent) => event.stopPropagation();

function Session({ row, words }: CellProps) {
  if (row.sessionId === null) return null;
  return (
    <Link to="/sessions" search={{ session: row.sessionId }} preload={false} className={styles.one} onClick={apart} data-tip={row.sessionId}>
      {marked(row.sessionId, words)}
    </Link>
  );
}

function User({ row, words }: CellProps) {
  return row.userId !== null && <span className={styles.one} data-tip={row.userId}>{marked(row.userId, words)}</span>;
}

function Tags({ row, words }: CellProps) {
  const tags = Object.entries(row.tags).map(([key, value]) => `${key}: ${value}`);
  return <Labels labels={tags} words={words} />;
}

function FeedbackCell({ feedback, words }: CellProps) {
  const { t } = useSpeech();
  if (feedback === "failed") return <Unknown why={t.failedTo(t.whatFeedback)} />;
  return feedback && <Labels labels={feedback.map(shortJudgement)} words={words} />;
}

function Labels({ labels, words }: { labels: readonly string[]; words: readonly string[] }) {
  if (labels.length === 0) return null;
  return (
    <span className={styles.labels} data-tip={labels.join("\n")}>
      {labels.map((label, i) => (
        <span key={i} className={styles.label}>
          {marked(label, words)}
        </span>
      ))}
    </span>
  );
}

const marked = (text: string, words: readonly string[]): ReactNode =>
  words.length === 0 ? text : markedPieces(text, words).map((piece, i) => (piece.isMark ? <mark key={i}>{piece.text}</mark> : piece.text));
