// The view of traces: filter, strip and list, or what stands in the list's place while there is none.
import { useQuery } from "@tanstack/react-query";
import { IconArrowUp } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { RequestError } from "@/api/client";
import { countQuery, experimentsQuery, histogramQuery, type ListAsk } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { keepChoice, keepForTab, readChoice } from "@/lib/storage";
import { useNarrow } from "@/lib/useNarrow";
import { useTitle } from "@/lib/useTitle";
import { stringifySearch } from "@/model/address";
import { FacetPane } from "./FacetPane";
import { FilterFault } from "./FilterFault";
import { FirstRun } from "./FirstRun";
import { ListBar } from "./ListBar";
import { NoMatch } from "./NoMatch";
import { Strip } from "./Strip";
import { TraceTable } from "./TraceTable";
import styles from "./TracesView.module.css";
import { useListAsk } from "./useListAsk";
import { useLiveRows, type LiveRows } from "./useLiveRows";

export function TracesView() {
  const { t } = useSpeech();
  const { search, ask, change } = useListAsk();
  const live = useLiveRows(ask);
  const facets = useFacetPane();
  const isNarrow = useNarrow();
  useTitle(search.experiment ?? t.traces);
  // The way back from a trace leads to the list as it was.
  useEffect(() => keepForTab("list", stringifySearch({ ...search })), [search]);

  const isAll = ask.filter === undefined && ask.sinceMs === null && ask.untilMs === null;
  const fault = live.error instanceof RequestError ? live.error.fault : null;
  if (isAll && live.rows?.length === 0) return <FirstRun experiment={search.experiment} />;
  const setFilter = (filter: string) => change({ filter: filter === "" ? undefined : filter });
  const pane = facets.isOpen && <FacetPane ask={ask} onFilter={setFilter} onClose={facets.toggle} />;
  return (
    <>
      <h1 className={styles.unseen}>{t.traces}</h1>
      <ListBar search={search} hasFault={fault !== null} hasFacets={facets.isOpen} onFacets={facets.toggle} onChange={change} />
      {fault && <FilterFault fault={fault} filter={ask.filter ?? ""} onFilter={setFilter} />}
      {live.error && !fault && <Failure what={t.whatTraces} error={live.error} onRetry={live.retry} />}
      {!live.error && (
        <>
          <Strip ask={ask} onStretch={(from, to) => change({ from, to, range: undefined })} />
          <ListHead ask={ask} isAll={isAll} live={live} />
          <div className={styles.body}>
            {pane}
            {!(isNarrow && facets.isOpen) && (
              <div className={styles.list} data-old={live.isOld || undefined}>
                {live.rows === null ? (
                  <SkeletonRows count={14} height={44} widths={[6, 38, 10, 12, 6, 8, 5]} />
                ) : live.rows.length === 0 ? (
                  <NoMatch ask={ask} onChange={change} />
                ) : (
                  <TraceTable key={JSON.stringify(ask)} live={live} rows={live.rows} search={search} onChange={change} />
                )}
              </div>
            )}
          </div>
        </>
      )}
    </>
  );
}

function useFacetPane() {
  const isNarrow = useNarrow();
  // On a phone it covers the list: it is opened each time.
  const [isOpen, setIsOpen] = useState(() => !isNarrow && readChoice("facets") === "open");
  const toggle = () => {
    if (!isNarrow) keepChoice("facets", isOpen ? "closed" : "open");
    setIsOpen(!isOpen);
  };
  return { isOpen, toggle };
}

function ListHead({ ask, isAll, live }: { ask: ListAsk; isAll: boolean; live: LiveRows }) {
  const { t, language } = useSpeech();
  return (
    <header className={styles.head}>
      {isAll ? <CountOfAll experiment={ask.experiment} /> : <CountOfSome ask={ask} />}
      {live.liveError && (
        <span className={styles.lost} role="status">
          {live.liveError.message || t.noAnswer}
        </span>
      )}
      <span className={styles.space} />
      <Stretch ask={ask} />
      {live.waiting > 0 && (
        <button type="button" className={styles.fresh} onClick={live.showWaiting}>
          <IconArrowUp size={14} stroke={2} aria-hidden />
          {t.newTraces(`${formatCount(live.waiting, language)}${live.isMoreWaiting ? "+" : ""}`)}
        </button>
      )}
    </header>
  );
}

/** From when to when the strip above reaches. */
function Stretch({ ask }: { ask: ListAsk }) {
  const { t, language } = useSpeech();
  const { data } = useQuery(histogramQuery(ask));
  if (!data || data.bars.length === 0) return null;
  const stretch = formatStretch(data.sinceMs, data.untilMs, language);
  return <span className={styles.count}>{data.isExact ? stretch : t.newestOf(stretch)}</span>;
}

function CountOfAll({ experiment }: { experiment: string | undefined }) {
  const { t, language } = useSpeech();
  const { data } = useQuery(experimentsQuery);
  const counted = data?.filter(({ name }) => experiment === undefined || name === experiment);
  const total = counted?.reduce((sum, { traceCount }) => sum + traceCount, 0);
  return total !== undefined && <span className={styles.count}>{t.traceCount(total, formatCount(total, language))}</span>;
}

function CountOfSome({ ask }: { ask: ListAsk }) {
  const { t, language } = useSpeech();
  const { data } = useQuery(countQuery(ask));
  if (!data) return null;
  const count = `${formatCount(data.count, language)}${data.is_exact ? "" : "+"}`;
  return <span className={styles.count}>{t.traceCount(data.count, count)}</span>;
}
