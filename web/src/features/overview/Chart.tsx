// One chart over the common axis: stacked bars, or lines that break where there is nothing.
import type { MouseEvent, PointerEvent } from "react";
import { linePieces, stackedMost, type Values } from "@/model/overview";
import styles from "./Chart.module.css";
import type { ChartFacts, Series } from "./useChartList";

interface Props {
  chart: ChartFacts;
  /** Steps of the axis. */
  length: number;
  /** The step under the pointer. */
  at: number | null;
  handlers: { onPointerMove: (event: PointerEvent<HTMLElement>) => void; onClick: (event: MouseEvent<HTMLElement>) => void };
}

export function Chart({ chart, length, at, handlers }: Props) {
  const { name, kind, series, format, notes = [] } = chart;
  const most = kind === "bars" ? stackedMost(series.map(({ values }) => values), length) : mostOf(series);
  const words = series.map(({ name: each, total }) => `${each} ${total === null ? "–" : format(total)}`).join(", ");
  return (
    <div className={styles.row}>
      <div className={styles.facts}>
        <h2 className={styles.name}>{name}</h2>
        <ul className={styles.legend}>
          {series.map((each) => (
            <li key={each.name}>
              <span className={styles.swatch} style={{ background: each.colour }} aria-hidden />
              <span className={styles.of}>{each.name}</span>
              <span className={styles.value}>{shownOf(each, at, format)}</span>
            </li>
          ))}
        </ul>
        {/* Of the whole stretch: hidden meanwhile, in its place, so that nothing moves under the pointer. */}
        {notes.map((note) => (
          <div key={note} className={styles.note} data-hidden={at !== null || undefined}>{note}</div>
        ))}
      </div>
      <div className={styles.plot} role="img" aria-label={`${name}: ${words}`} {...handlers}>
        {most > 0 && <span className={styles.most}>{format(most)}</span>}
        <svg viewBox={`0 0 ${length} 100`} preserveAspectRatio="none" aria-hidden>
          {kind === "bars" ? <Bars series={series} length={length} most={most} /> : <Lines series={series} most={most} />}
        </svg>
        {at !== null && <span className={styles.cross} style={{ left: `${((at + 0.5) / length) * 100}%` }} />}
      </div>
    </div>
  );
}

function shownOf({ values, total }: Series, at: number | null, format: (value: number) => string): string {
  const value = at === null ? total : (values[at] ?? null);
  return value === null ? "–" : format(value);
}

const mostOf = (series: readonly Series[]): number => Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));

const HEIGHT = 100;

function Bars({ series, length, most }: { series: readonly Series[]; length: number; most: number }) {
  if (most <= 0) return null;
  // As paths: thousands of rectangles would be thousands of elements.
  const stacked = new Array<number>(length).fill(0);
  const paths = series.map(({ name, colour, values }) => ({ name, colour, path: barPath(values, stacked, most) }));
  return paths.map(({ name, colour, path }) => <path key={name} className={styles.bars} d={path} fill={colour} />);
}

/** The bars of a series on top of those before; `stacked` is raised by them. */
function barPath(values: Values, stacked: number[], most: number): string {
  let path = "";
  values.forEach((value, step) => {
    if (!value) return;
    const below = stacked[step] ?? 0;
    stacked[step] = below + value;
    const height = Math.max((value / most) * HEIGHT, 1.5);
    path += `M${step + 0.06} ${HEIGHT - (below / most) * HEIGHT}v${-height}h0.88v${height}z`;
  });
  return path;
}

function Lines({ series, most }: { series: readonly Series[]; most: number }) {
  if (most <= 0) return null;
  const y = (value: number) => HEIGHT - (value / most) * (HEIGHT - 4);
  return series.map(({ name, colour, values }) => (
    <path
      key={name}
      className={styles.line}
      // A piece of one step is a short line of its own: a point would not be seen.
      d={linePieces(values)
        .map((piece) => piece.map(([step, value], i) => `${i === 0 ? "M" : "L"}${step + (piece.length === 1 ? 0.1 : 0.5)} ${y(value)}${piece.length === 1 ? "h0.8" : ""}`).join(""))
        .join("")}
      stroke={colour}
    />
  ));
}
