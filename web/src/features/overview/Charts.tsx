// The charts, one under the other on one axis. Beside each its numbers: of the step under the pointer, or of all.
import { useNavigate } from "@tanstack/react-router";
import { useState, type MouseEvent } from "react";
import { formatStretch, formatTick } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { defined, type ListSearch, type OverviewSearch } from "@/model/address";
import { stretchOf, ticksOf, type Overview } from "@/model/overview";
import { Chart } from "./Chart";
import styles from "./Charts.module.css";
import { useChartList } from "./useChartList";

export function Charts({ overview, search }: { overview: Overview; search: OverviewSearch }) {
  const { language } = useSpeech();
  const navigate = useNavigate();
  const [at, setAt] = useState<number | null>(null);
  const charts = useChartList(overview);
  const { axis } = overview;
  const stepUnder = ({ clientX, currentTarget }: MouseEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const place = width > 0 ? (clientX - left) / width : 0;
    return Math.min(axis.length - 1, Math.max(0, Math.floor(place * axis.length)));
  };
  const open = (step: number, filter: string | undefined) => {
    const wanted = defined<ListSearch>({ experiment: search.experiment, filter, ...stretchOf(axis, step) });
    void navigate({ to: "/traces", search: wanted });
  };
  const ends = stretchOf(axis, axis.length - 1);
  const shown = at === null ? { from: axis.sinceMs, to: ends.to } : stretchOf(axis, at);
  return (
    <section className={styles.charts} onPointerLeave={() => setAt(null)}>
      <div className={styles.axis}>
        <span className={styles.moment}>{formatStretch(shown.from, shown.to, language)}</span>
        <span className={styles.ticks} aria-hidden>
          {ticksOf(axis).map(({ ms, place }) => (
            <span key={ms} className={styles.tick} style={{ left: `${place * 100}%` }}>
              {formatTick(ms, axis.stepMs * axis.length, language)}
            </span>
          ))}
        </span>
      </div>
      {charts.map((chart) => (
        <Chart
          key={chart.name}
          chart={chart}
          length={axis.length}
          at={at}
          handlers={{
            onPointerMove: (event) => setAt(stepUnder(event)),
            // By its own place: what is shown may still be that of a moment before.
            onClick: (event) => open(stepUnder(event), chart.filter),
          }}
        />
      ))}
    </section>
  );
}
