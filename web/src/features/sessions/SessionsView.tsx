// Sessions: the traces that name the same one, together; the list, or one as a conversation.
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { sessionsQuery } from "@/api/sessions";
import { Failure } from "@/components/Failure";
import { Ago, Cost, Tokens } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { useTitle } from "@/lib/useTitle";
import type { Session } from "@/model/session";
import { SessionConversation } from "./SessionConversation";
import styles from "./SessionsView.module.css";

const route = getRouteApi("/sessions");

export function SessionsView() {
  const { session, experiment } = route.useSearch();
  return session === undefined ? <SessionList experiment={experiment} /> : <SessionConversation key={session} id={session} experiment={experiment} />;
}

function SessionList({ experiment }: { experiment: string | undefined }) {
  const { t } = useSpeech();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(sessionsQuery(experiment));
  useTitle(t.sessions);
  const sessions = data?.pages.flatMap((page) => page.sessions);
  return (
    <>
      <header className={styles.head}>
        <h1 className={styles.title}>{t.sessions}</h1>
      </header>
      {error && !data && <Failure what={t.whatSessions} error={error} onRetry={() => void refetch()} />}
      {!error && !data && <SkeletonRows count={8} height={32} widths={[40, 8, 8, 12]} />}
      {sessions?.length === 0 && <NoSessions />}
      {sessions && sessions.length > 0 && (
        <div className={styles.pane}>
          <SessionTable sessions={sessions} experiment={experiment} />
          {hasNextPage && (
            <button type="button" className={styles.more} disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t.olderSessions}
            </button>
          )}
        </div>
      )}
    </>
  );
}

const EXAMPLE = `@outcrop.trace
def answer(question, session_id):
    outcrop.update_current_trace(session_id=session_id)`;

function NoSessions() {
  const { t } = useSpeech();
  return (
    <section className={styles.empty}>
      <p>{t.noSessions}</p>
      <pre>
        <code>{EXAMPLE}</code>
      </pre>
    </section>
  );
}

function SessionTable({ sessions, experiment }: { sessions: readonly Session[]; experiment: string | undefined }) {
  const { t, language } = useSpeech();
  const navigate = useNavigate();
  const nowMs = useNow(30_000);
  return (
    <table className={styles.table} aria-label={t.sessions}>
      <thead>
        <tr>
          <th scope="col">{t.sessionColumn}</th>
          <th scope="col">{t.traces}</th>
          <th scope="col">{t.errors}</th>
          <th scope="col">{t.tokens}</th>
          <th scope="col">{t.cost}</th>
          <th scope="col">{t.lasted}</th>
          <th scope="col">{t.lastTrace}</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((each) => {
          const search = { session: each.id, experiment: each.experiment };
          return (
            <tr key={`${each.experiment}/${each.id}`} onClick={() => void navigate({ to: "/sessions", search })}>
              <td>
                <Link to="/sessions" search={search} onClick={(event) => event.stopPropagation()}>
                  {each.id}
                </Link>
                {experiment === undefined && <span className={styles.faint}>{each.experiment}</span>}
              </td>
              <td>{formatCount(each.traces, language)}</td>
              <td className={each.errors > 0 ? styles.errors : styles.none}>{formatCount(each.errors, language)}</td>
              <td>
                <Tokens usage={each.usage} />
              </td>
              <td>
                <Cost usd={each.costUsd} reason={null} isPartial={each.unpriced > 0 && each.costUsd !== null} />
              </td>
              <td>{formatDuration(Number(each.lastNs - each.firstNs))}</td>
              <td>
                <Ago ns={each.lastNs} nowMs={nowMs} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
