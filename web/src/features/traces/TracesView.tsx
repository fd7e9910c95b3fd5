// The view of traces: the list, or what stands in its place while there is none.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { IconArrowUp } from "@tabler/icons-react";
import { experimentsQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useTitle } from "@/lib/useTitle";
import { FirstRun } from "./FirstRun";
import { TraceTable } from "./TraceTable";
import styles from "./TracesView.module.css";
import { useLiveRows, type LiveRows } from "./useLiveRows";

const route = getRouteApi("/traces");

export function TracesView() {
  const { t } = useSpeech();
  const { experiment } = route.useSearch();
  const live = useLiveRows(experiment);
  useTitle(experiment ?? t.traces);
  if (live.error) return <Failure what={t.whatTraces} error={live.error} onRetry={live.retry} />;
  if (live.rows?.length === 0) return <FirstRun experiment={experiment} />;
  return (
    <>
      <ListHead experiment={experiment} live={live} />
      {live.rows ? (
        <TraceTable key={experiment ?? ""} live={live} rows={live.rows} />
      ) : (
        <SkeletonRows count={14} height={44} widths={[6, 38, 10, 12, 6, 8, 5]} />
      )}
    </>
  );
}

function ListHead({ experiment, live }: { experiment: string | undefined; live: LiveRows }) {
  const { t, language } = useSpeech();
  const { data } = useQuery(experimentsQuery);
  const counted = data?.filter(({ name }) => experiment === undefined || name === experiment);
  const total = counted?.reduce((sum, { traceCount }) => sum + traceCount, 0);
  return (
    <header className={styles.head}>
      <h1 className={styles.title}>{t.traces}</h1>
      {total !== undefined && <span className={styles.count}>{t.traceCount(total, formatCount(total, language))}</span>}
      {live.liveError && (
        <span className={styles.lost} role="status">
          {live.liveError.message || t.noAnswer}
        </span>
      )}
      <span className={styles.space} />
      {live.waiting > 0 && (
        <button type="button" className={styles.fresh} onClick={live.showWaiting}>
          <IconArrowUp size={14} stroke={2} aria-hidden />
          {t.newTraces(`${formatCount(live.waiting, language)}${live.isMoreWaiting ? "+" : ""}`)}
        </button>
      )}
    </header>
  );
}
