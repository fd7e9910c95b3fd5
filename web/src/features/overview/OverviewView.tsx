// The overview: what happened over time, on one axis, and what to look at first.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { overviewQuery } from "@/api/overview";
import { Failure } from "@/components/Failure";
import { RangeMenu } from "@/components/RangeMenu";
import { SkeletonRows } from "@/components/Skeleton";
import { useSpeech } from "@/lib/i18n/language";
import { useTitle } from "@/lib/useTitle";
import { defined, type OverviewSearch } from "@/model/address";
import { boundsOf } from "@/model/timeRange";
import { Charts } from "./Charts";
import { LookAt } from "./LookAt";
import styles from "./OverviewView.module.css";

const route = getRouteApi("/overview");

export function OverviewView() {
  const { t } = useSpeech();
  const search = route.useSearch();
  const navigate = useNavigate();
  const { experiment, range, from, to } = search;
  const ask = useMemo(
    () => ({ experiment, filter: undefined, order: undefined, ...boundsOf({ range, from, to }) }),
    [experiment, range, from, to],
  );
  const { data, error, refetch } = useQuery(overviewQuery(ask));
  useTitle(t.overview);
  const isEmpty = data?.total.calls.count === 0 && !data.total.traces?.count;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1 className={styles.title}>{t.overview}</h1>
        <RangeMenu
          search={search}
          onChange={(stretch) => void navigate({ to: "/overview", search: defined<OverviewSearch>({ experiment, ...stretch }) })}
        />
      </header>
      {error && !data && <Failure what={t.whatOverview} error={error} onRetry={() => void refetch()} />}
      {!error && !data && <SkeletonRows count={6} height={88} widths={[16, 80]} />}
      {isEmpty && <p className={styles.none}>{t.nothingInRange}</p>}
      {data && !isEmpty && (
        <>
          <Charts overview={data} search={search} />
          <LookAt ask={ask} search={search} />
        </>
      )}
    </div>
  );
}
