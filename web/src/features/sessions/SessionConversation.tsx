// A session as a conversation: what was asked and answered, trace after trace, each with its figures.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconArrowLeft, IconTool, IconX } from "@tabler/icons-react";
import { conversationQuery } from "@/api/sessions";
import { CopyButton } from "@/components/CopyButton";
import { Fact, Facts } from "@/components/Facts";
import { Failure } from "@/components/Failure";
import { IconButton } from "@/components/IconButton";
import { Clock, Cost, ModelName, Tokens } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatDuration, formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useTitle } from "@/lib/useTitle";
import { defined, type ListChoice } from "@/model/address";
import { quote } from "@/model/filterFields";
import { spanLabel } from "@/model/modelName";
import type { Session } from "@/model/session";
import type { TraceRow } from "@/model/trace";
import styles from "./SessionConversation.module.css";

interface Props {
  id: string;
  experiment: string | undefined;
}

export function SessionConversation({ id, experiment }: Props) {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(conversationQuery(id, experiment));
  useTitle(id);
  const back = () => void navigate({ to: "/sessions", search: experiment === undefined ? {} : { experiment } });
  useKeys({ Escape: back });
  const sessions = data?.pages[0]?.sessions ?? [];
  const rows = data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <header className={styles.head}>
        <IconButton label={t.backToSessions} onClick={back}>
          <IconArrowLeft size={17} stroke={1.7} />
        </IconButton>
        <h1 className={styles.title}>{id}</h1>
        <CopyButton text={id} label={t.copyValue} />
        {sessions.map((session) => (
          <Sums key={session.experiment} session={session} isNamed={sessions.length > 1} />
        ))}
        <Link
          to="/traces"
          search={defined<ListChoice>({ experiment, filter: `session = ${quote(id)}` })}
          className={styles.asList}
        >
          {t.asList}
        </Link>
      </header>
      {error && !data && <Failure what={t.whatSession} error={error} onRetry={() => void refetch()} />}
      {!error && !data && <SkeletonRows count={6} height={88} widths={[10, 60]} />}
      {data && (
        <div className={styles.pane}>
          <ol className={styles.turns}>
            {rows.map((row, i) => (
              <Turn key={row.id} row={row} before={rows[i - 1]} />
            ))}
          </ol>
          {hasNextPage && (
            <button type="button" className={styles.more} disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t.laterTraces}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Sums({ session, isNamed }: { session: Session; isNamed: boolean }) {
  const { t, language } = useSpeech();
  return (
    <Facts className={styles.facts}>
      {isNamed && <Fact>{session.experiment}</Fact>}
      <Fact>{t.traceCount(session.traces, formatCount(session.traces, language))}</Fact>
      {session.errors > 0 && (
        <Fact>
          <span className={styles.failed}>{t.failedCount(session.errors, formatCount(session.errors, language))}</span>
        </Fact>
      )}
      <Fact>
        <Tokens usage={session.usage} />
      </Fact>
      <Fact>
        <Cost usd={session.costUsd} reason={null} isPartial={session.unpriced > 0 && session.costUsd !== null} />
      </Fact>
    </Facts>
  );
}

const dayOf = (row: TraceRow): string => new Date(Number(row.startNs / 1_000_000n)).toDateString();

function Turn({ row, before }: { row: TraceRow; before: TraceRow | undefined }) {
  const { t, language } = useSpeech();
  const [model] = row.models;
  const midnight = new Date(dayOf(row)).getTime();
  return (
    <li className={styles.turn}>
      {(before === undefined || dayOf(before) !== dayOf(row)) && (
        // A stretch of one whole day is that day's name.
        <div className={styles.day}>{formatStretch(midnight, midnight + 24 * 3_600_000, language)}</div>
      )}
      <div className={styles.line}>
        <div className={styles.side}>
          <Clock ns={row.startNs} />
        </div>
        <div className={styles.said}>
          {row.asked !== null && <Said role={t.roleUser} text={row.asked} />}
          {row.tools.length > 0 && (
            <div className={styles.tools}>
              <IconTool size={13} stroke={1.7} aria-hidden />
              {row.tools.join(", ")}
            </div>
          )}
          {row.answered !== null && <Said role={t.roleAssistant} text={row.answered} />}
          {row.error && (
            <div className={styles.failed}>
              <IconX size={14} stroke={2.4} aria-hidden />
              {row.error.type}
              {row.error.message && <span className={styles.message}>{row.error.message}</span>}
            </div>
          )}
          <div className={styles.figures}>
            <Link to="/traces/$traceId" params={{ traceId: row.id }} preload={false}>
              {spanLabel(row.name, model ?? null)}
            </Link>
            {model !== undefined && <ModelName id={model} />}
            <span>{formatDuration(row.durationNs)}</span>
            <Tokens usage={row.usage} />
            <Cost usd={row.costUsd} reason={row.costReason} isPartial={row.isCostPartial} />
          </div>
        </div>
      </div>
    </li>
  );
}

function Said({ role, text }: { role: string; text: string }) {
  return (
    <div className={styles.message}>
      <span className={styles.role}>{role}</span>
      <p>{text}</p>
    </div>
  );
}
