// What matters of a trace in one line.
import { IconArrowLeft, IconGitCompare, IconHash, IconLink, IconX } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { CopyButton } from "@/components/CopyButton";
import { Fact, Facts } from "@/components/Facts";
import { IconButton } from "@/components/IconButton";
import { Ago, CachedShare, Cost, Duration, ModelName, Tokens } from "@/components/Quantity";
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { useTitle } from "@/lib/useTitle";
import { quote } from "@/model/filterFields";
import { spanLabel } from "@/model/modelName";
import type { Trace } from "@/model/trace";
import styles from "./TraceHeader.module.css";

interface Props {
  trace: Trace;
  /** How many spans are shown; null where that is all of them. */
  spanCount: number | null;
  onBack: () => void;
}

export function TraceHeader({ trace, spanCount, onBack }: Props) {
  const { t, language } = useSpeech();
  const nowMs = useNow(30_000);
  const navigate = useNavigate();
  const { row } = trace;
  useTitle(row.name);
  const isFailed = row.status === "ERROR";
  // Until its root has come, what a trace says of its status is that of some span.
  const isComplete = row.state === "COMPLETE";
  return (
    <header className={styles.head}>
      <IconButton label={t.back} onClick={onBack}>
        <IconArrowLeft size={17} stroke={1.7} />
      </IconButton>
      <h1 className={styles.title} data-tip={row.name}>{spanLabel(row.name, row.models[0] ?? null)}</h1>
      <Facts className={styles.facts}>
        {(isFailed || isComplete) && (
          <Fact>
            <span className={cx(isFailed ? styles.failed : styles.status)}>
              {isFailed && <IconX size={14} stroke={2.4} aria-hidden />}
              {isFailed ? (row.error?.type ?? t.statusError) : row.status === "OK" ? t.statusOk : t.statusUnset}
            </span>
          </Fact>
        )}
        {!isComplete && (
          <Fact>
            <span className={styles.retried}>{row.state === "IN_PROGRESS" ? t.stillRunning : t.rootMissing}</span>
          </Fact>
        )}
        {spanCount !== null && (
          <Fact>
            <span className={styles.retried}>
              {t.spansOfAll(formatCount(spanCount, language), formatCount(row.spanCount, language))}
            </span>
          </Fact>
        )}
        <Fact>
          <b>{formatDuration(row.durationNs)}</b>
        </Fact>
        {row.firstTokenNs !== null && (
          <Fact label={t.firstToken}>
            <Duration ns={row.firstTokenNs} why="" />
          </Fact>
        )}
        <Fact label={t.tokens}>
          <Tokens usage={row.usage} />
          <CachedShare usage={row.usage} />
        </Fact>
        <Fact label={row.costUsd === null ? t.cost : undefined}>
          <Cost usd={row.costUsd} reason={row.costReason} isPartial={row.isCostPartial} />
        </Fact>
        {row.models.map((id) => (
          <Fact key={id}>
            <ModelName id={id} />
          </Fact>
        ))}
        {row.attempts > 1 && (
          <Fact>
            <span className={styles.retried}>{t.attempts(row.attempts)}</span>
          </Fact>
        )}
        {row.sessionId !== null && (
          <Fact label={t.session}>
            <Link to="/sessions" search={{ session: row.sessionId, experiment: trace.experimentName }}>
              {row.sessionId}
            </Link>
          </Fact>
        )}
        {row.userId !== null && (
          <Fact label={t.user}>
            <Link to="/traces" search={{ filter: `user = ${quote(row.userId)}` }}>{row.userId}</Link>
          </Fact>
        )}
        <Fact>
          <Ago ns={row.startNs} nowMs={nowMs} />
        </Fact>
      </Facts>
      <IconButton label={t.compareTrace} onClick={() => void navigate({ to: "/compare", search: { items: row.id } })}>
        <IconGitCompare size={16} stroke={1.6} />
      </IconButton>
      <CopyButton text={row.id} label={t.copyId} icon={<IconHash size={16} stroke={1.6} />} />
      <CopyButton text={() => window.location.href} label={t.copyLink} icon={<IconLink size={16} stroke={1.6} />} />
    </header>
  );
}
