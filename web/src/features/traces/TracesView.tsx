// The view of traces: filter, strip and list, or what stands in the list's place while there is none.
import { useEffect, useMemo, useState } from "react";
import { RequestError } from "@/api/client";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { useSpeech } from "@/lib/i18n/language";
import { keepChoice, keepForTab, readChoice } from "@/lib/storage";
import { useNarrow } from "@/lib/useNarrow";
import { useTitle } from "@/lib/useTitle";
import { stringifySearch } from "@/model/address";
import { inOrder, NONE_CHOSEN } from "@/model/chosen";
import { ChosenBar } from "./ChosenBar";
import type { TraceRow } from "@/model/trace";
import { FacetPane } from "./FacetPane";
import { FilterFault } from "./FilterFault";
import { FirstRun } from "./FirstRun";
import { ListBar } from "./ListBar";
import { ListHead } from "./ListHead";
import { NoMatch } from "./NoMatch";
import { Strip } from "./Strip";
import { TraceTable } from "./TraceTable";
import styles from "./TracesView.module.css";
import { NothingYet, Unsearched } from "./Unsearched";
import { useChosen } from "./useChosen";
import { useLayout } from "./useLayout";
import { useListAsk } from "./useListAsk";
import { useLiveRows } from "./useLiveRows";

export function TracesView() {
  const { t } = useSpeech();
  const { search, ask, change } = useListAsk();
  const live = useLiveRows(ask);
  const facets = useFacetPane();
  const isNarrow = useNarrow();
  const layout = useLayout(search.view);
  const rows = live.rows ?? NO_ROWS;
  const question = useMemo(() => JSON.stringify(ask), [ask]);
  const chosen = useChosen(rows, question);
  useTitle(layout.view?.name ?? search.experiment ?? t.traces);
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
          {chosen.ids.size > 0 ? (
            <ChosenBar
              ids={inOrder(chosen.ids, rows.map(({ id }) => id))}
              experiment={search.experiment}
              onClear={() => chosen.set(NONE_CHOSEN)}
              onDeleted={(ids) => {
                chosen.set(NONE_CHOSEN);
                live.remove(ids);
              }}
              onTagged={live.renew}
            />
          ) : (
            <ListHead ask={ask} search={search} isAll={isAll} live={live} layout={layout} onChange={change} />
          )}
          {live.unsearched > 0 && rows.length > 0 && <Unsearched count={live.unsearched} onAsk={live.askAgain} />}
          <div className={styles.body}>
            {pane}
            {!(isNarrow && facets.isOpen) && (
              <div className={styles.list} data-old={live.isOld || undefined}>
                {live.rows === null ? (
                  <SkeletonRows count={14} height={44} widths={[6, 38, 10, 12, 6, 8, 5]} />
                ) : live.rows.length === 0 && live.unsearched > 0 ? (
                  <NothingYet count={live.unsearched} onAsk={live.askAgain} />
                ) : live.rows.length === 0 ? (
                  <NoMatch ask={ask} onChange={change} />
                ) : (
                  <TraceTable
                    key={question}
                    live={live}
                    rows={live.rows}
                    search={search}
                    layout={layout.layout}
                    onLayout={layout.setLayout}
                    chosen={chosen}
                    onChange={change}
                  />
                )}
              </div>
            )}
          </div>
        </>
      )}
    </>
  );
}

const NO_ROWS: readonly TraceRow[] = [];

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
