// What the store holds and how large it is; what each experiment takes is counted when it is asked for.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { experimentsQuery } from "@/api/queries";
import { sizeQuery, storeQuery } from "@/api/settings";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { writeSize } from "@/model/limits";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function StoreSection({ isScoped }: { isScoped: boolean }) {
  const { t, language } = useSpeech();
  const { data, error, refetch } = useQuery({ ...storeQuery, enabled: !isScoped });
  const [hasSizes, setHasSizes] = useState(false);
  if (isScoped) return <Section title={t.store} lead={t.storeScoped}>{null}</Section>;
  const count = (n: number) => formatCount(n, language);
  return (
    <Section title={t.store} lead={data && t.storeLead(data.version, data.engine)}>
      {error && <Failure what={t.whatStore} error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} height={24} widths={[20, 12]} />}
      {data && (
        <>
          {data.faults.map((fault) => (
            <p key={fault} className={styles.fault} role="alert">{fault}</p>
          ))}
          <dl className={styles.facts}>
            <Fact name={t.traces} value={count(data.trace_count)} />
            <Fact name={t.errors} value={count(data.error_count)} />
            <Fact name={t.experiments} value={count(data.experiment_count)} />
            <Fact name={data.is_file ? t.fileSize : t.databaseSize} value={writeSize(data.file_bytes)} />
            {data.log_bytes !== null && <Fact name={t.logSize} value={writeSize(data.log_bytes)} />}
            {data.free_bytes !== null && <Fact name={t.freeOnDisk} value={writeSize(data.free_bytes)} />}
          </dl>
          {hasSizes ? <Sizes /> : (
            <button type="button" className={styles.plain} onClick={() => setHasSizes(true)}>
              {t.countSizes}
            </button>
          )}
        </>
      )}
    </Section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Sizes() {
  const { t, language } = useSpeech();
  const { data: experiments = [] } = useQuery(experimentsQuery);
  const sizes = useQueries({ queries: experiments.map(({ id }) => sizeQuery(id)) });
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.sizeByExperiment}>
      <table className={styles.table} aria-label={t.sizeByExperiment}>
        <thead>
          <tr>
            <th scope="col">{t.experiment}</th>
            <th scope="col" className={styles.number}>{t.traces}</th>
            <th scope="col" className={styles.number}>{t.size}</th>
          </tr>
        </thead>
        <tbody>
          {experiments.map(({ id, name, traceCount }, i) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td className={styles.number}>{formatCount(traceCount, language)}</td>
              <td className={styles.number}>{sizes[i]?.data === undefined ? (sizes[i]?.error ? t.error : "…") : writeSize(sizes[i].data)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
