// What to look at: the slowest and the dearest traces, and what fails most.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { facetsQuery, topQuery, type ListAsk } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { Cost, ModelName } from "@/components/Quantity";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { defined, type ListChoice, type OverviewSearch } from "@/model/address";
import { facetClause, type Facet } from "@/model/filterFields";
import { shortModel, spanLabel } from "@/model/modelName";
import type { TraceRow } from "@/model/trace";
import styles from "./LookAt.module.css";

const FAILED = "status = 'ERROR'";
const MOST = 5;

interface Props {
  ask: ListAsk;
  search: OverviewSearch;
}

export function LookAt({ ask, search }: Props) {
  const { t } = useSpeech();
  return (
    <div className={styles.columns}>
      <Top title={t.slowest} ask={ask} search={search} order="execution_time DESC" amount={(row) => formatDuration(row.durationNs)} />
      <Top
        title={t.dearest}
        ask={ask}
        search={search}
        order="cost DESC"
        amount={(row) => <Cost usd={row.costUsd} reason={row.costReason} isPartial={row.isCostPartial} />}
      />
      <MostFailing ask={ask} search={search} />
    </div>
  );
}

interface TopProps extends Props {
  title: string;
  order: NonNullable<ListChoice["order"]>;
  amount: (row: TraceRow) => ReactNode;
}

function Top({ title, ask, search, order, amount }: TopProps) {
  const { t } = useSpeech();
  const { data, error, refetch } = useQuery(topQuery({ ...ask, order }, MOST));
  return (
    <section className={styles.list}>
      <h2 className={styles.title}>
        <Link to="/traces" search={{ ...search, order }}>
          {title}
        </Link>
      </h2>
      {error && !data && <Failure what={t.whatTraces} error={error} onRetry={() => void refetch()} />}
      <ul>
        {data?.map((row) => (
          <li key={row.id} className={styles.trace}>
            <Link to="/traces/$traceId" params={{ traceId: row.id }} preload={false} className={styles.link}>
              <span className={styles.name}>{spanLabel(row.name, row.models[0] ?? null)}</span>
              <span className={styles.words}>{row.asked ?? row.error?.message}</span>
            </Link>
            {row.models[0] !== undefined && (
              <span className={styles.model}>
                <ModelName id={row.models[0]} />
              </span>
            )}
            <span className={styles.amount}>{amount(row)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const BY: readonly Facet[] = ["error", "model", "tool"];

function MostFailing({ ask, search }: Props) {
  const { t, language } = useSpeech();
  const { data, error, refetch } = useQuery(facetsQuery({ ...ask, filter: FAILED }, 3));
  return (
    <section className={styles.list}>
      <h2 className={styles.title}>
        <Link to="/traces" search={{ ...search, filter: FAILED }}>
          {t.mostFailing}
        </Link>
      </h2>
      {error && !data && <Failure what={t.whatFacets} error={error} onRetry={() => void refetch()} />}
      {data?.trace_count === 0 && <p className={styles.none}>{t.nothingFailed}</p>}
      <dl className={styles.failing}>
        {BY.map((facet) => {
          const values = data?.facets[facet] ?? [];
          return values.length > 0 && (
            <Fragment key={facet}>
              <dt>{t.facetNames[facet]}</dt>
              {values.map(({ value, count, key }) => (
                <dd key={value}>
                  <Link
                    to="/traces"
                    search={defined<ListChoice>({ ...search, filter: `${FAILED} AND ${facetClause(facet, value, key)}` })}
                    className={styles.name}
                  >
                    {facet === "model" ? shortModel(value) : value}
                  </Link>
                  <span className={styles.amount}>{formatCount(count, language)}</span>
                </dd>
              ))}
            </Fragment>
          );
        })}
      </dl>
    </section>
  );
}
