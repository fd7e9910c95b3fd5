// The line above the list: how many traces, which are new, and what can be done; with rows chosen, what is done with them.
import { useQuery } from "@tanstack/react-query";
import { IconArrowUp, IconDownload } from "@tabler/icons-react";
import { useEffect } from "react";
import { countQuery, experimentsQuery, histogramQuery, type ListAsk } from "@/api/queries";
import { exportFitting } from "@/api/several";
import { MenuButton } from "@/components/MenuButton";
import { formatCount, formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { ListSearch } from "@/model/address";
import { ColumnsMenu } from "./ColumnsMenu";
import { exportEntries } from "./exportEntries";
import styles from "./ListHead.module.css";
import type { Change } from "./useListAsk";
import type { ListLayout } from "./useLayout";
import type { LiveRows } from "./useLiveRows";
import { useSaving } from "./useSaving";
import { ViewsMenu } from "./ViewsMenu";

interface Props {
  ask: ListAsk;
  search: ListSearch;
  isAll: boolean;
  live: LiveRows;
  layout: ListLayout;
  onChange: (change: Change) => void;
}

export function ListHead({ ask, search, isAll, live, layout, onChange }: Props) {
  const { t, language } = useSpeech();
  const saving = useSaving();
  const error = live.liveError ?? saving.error;
  const { forget } = saving;
  // What is said of a file is said beside the list that is in it.
  useEffect(() => forget, [ask, forget]);
  return (
    <header className={styles.head}>
      {isAll ? <CountOfAll experiment={ask.experiment} /> : <CountOfSome ask={ask} />}
      {error && (
        <span className={styles.lost} role="status">
          {error.message || t.noAnswer}
        </span>
      )}
      {saving.unsearched > 0 && (
        <span className={styles.said} role="status">
          {t.exportUnsearched(saving.unsearched, formatCount(saving.unsearched, language))}
        </span>
      )}
      <span className={styles.space} />
      {live.waiting > 0 && (
        <button type="button" className={styles.fresh} onClick={live.showWaiting}>
          <IconArrowUp size={14} stroke={2} aria-hidden />
          {t.newTraces(`${formatCount(live.waiting, language)}${live.isMoreWaiting ? "+" : ""}`)}
        </button>
      )}
      <Stretch ask={ask} isUnsearched={live.unsearched > 0} />
      <div className={styles.tools}>
        <ViewsMenu search={search} layout={layout} onChange={onChange} />
        <MenuButton
          button={
            <button type="button" className={styles.button} disabled={saving.isBusy} data-tip={t.exportHover} aria-label={t.exportAll}>
              <IconDownload size={15} stroke={1.6} aria-hidden />
              <span className={styles.word}>{saving.isBusy ? t.exporting : t.exportWord}</span>
            </button>
          }
          entries={exportEntries(t, (format) => saving.save(format, () => exportFitting(format, ask)))}
        />
        <ColumnsMenu layout={layout.layout} onLayout={layout.setLayout} />
      </div>
    </header>
  );
}

/** From when to when the strip above reaches. What it lacks since words are not indexed yet is said apart. */
function Stretch({ ask, isUnsearched }: { ask: ListAsk; isUnsearched: boolean }) {
  const { t, language } = useSpeech();
  const { data } = useQuery(histogramQuery(ask));
  if (!data || data.bars.length === 0) return null;
  const stretch = formatStretch(data.sinceMs, data.untilMs, language);
  return <span className={`${styles.count} ${styles.stretch}`}>{data.isExact || isUnsearched ? stretch : t.newestOf(stretch)}</span>;
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
  // Where words are still being indexed, none found says nothing.
  if (!data || (data.count === 0 && !data.is_exact)) return null;
  const count = `${formatCount(data.count, language)}${data.is_exact ? "" : "+"}`;
  return <span className={styles.count}>{t.traceCount(data.count, count)}</span>;
}
