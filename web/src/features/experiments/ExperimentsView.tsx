// Experiments: one line each; a click opens their traces.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { experimentsQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { Ago, Unknown } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatShare } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { useTitle } from "@/lib/useTitle";
import type { Experiment } from "@/model/trace";
import styles from "./ExperimentsView.module.css";

export function ExperimentsView() {
  const { t } = useSpeech();
  const { data, error, refetch } = useQuery(experimentsQuery);
  useTitle(t.experiments);
  return (
    <>
      <header className={styles.head}>
        <h1 className={styles.title}>{t.experiments}</h1>
      </header>
      {data ? (
        <ExperimentTable experiments={data} />
      ) : error ? (
        <Failure what={t.whatExperiments} error={error} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={8} height={32} widths={[40, 8, 8, 12]} />
      )}
    </>
  );
}

function ExperimentTable({ experiments }: { experiments: readonly Experiment[] }) {
  const { t } = useSpeech();
  const nowMs = useNow(30_000);
  if (experiments.length === 0) return <p className={styles.empty}>{t.noExperiments}</p>;
  return (
    <div className={styles.pane}>
      <table className={styles.table} aria-label={t.experiments}>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.traces}</th>
            <th scope="col">{t.errors}</th>
            <th scope="col">{t.lastTrace}</th>
          </tr>
        </thead>
        <tbody>
          {experiments.map((experiment) => (
            <ExperimentLine key={experiment.id} experiment={experiment} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ExperimentLine({ experiment, nowMs }: { experiment: Experiment; nowMs: number }) {
  const { t, language } = useSpeech();
  const navigate = useNavigate();
  const { name, traceCount, errorCount, lastTraceNs } = experiment;
  return (
    <tr onClick={() => navigate({ to: "/traces", search: { experiment: name } })}>
      <td>
        <Link to="/traces" search={{ experiment: name }} onClick={(event) => event.stopPropagation()}>
          {name}
        </Link>
      </td>
      <td>{formatCount(traceCount, language)}</td>
      <td className={errorCount > 0 ? styles.errors : styles.none}>
        {errorCount > 0 && <span className={styles.share}>{formatShare(errorCount, traceCount)}</span>}
        {formatCount(errorCount, language)}
      </td>
      <td>{lastTraceNs === null ? <Unknown why={t.whyNoTracesYet} /> : <Ago ns={lastTraceNs} nowMs={nowMs} />}</td>
    </tr>
  );
}
