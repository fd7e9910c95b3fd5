// Figures and parameters, one line each and one column for each that is compared; what differs stands out.
import { Link } from "@tanstack/react-router";
import { IconArrowBarToLeft, IconX } from "@tabler/icons-react";
import { useState, type CSSProperties, type ReactNode } from "react";
import { IconButton } from "@/components/IconButton";
import { Ago, Cost, Duration, ModelName, Unknown } from "@/components/Quantity";
import { cx } from "@/lib/cx";
import { formatCost, formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson } from "@/lib/json";
import { useNow } from "@/lib/useNow";
import { areSame, parameterLines } from "@/model/compared";
import { spanLabel } from "@/model/modelName";
import type { Status, Usage } from "@/model/trace";
import styles from "./Compare.module.css";
import type { Column } from "./useCompared";

interface Line {
  name: string;
  /** What is shown. */
  cells: readonly ReactNode[];
  isSame: boolean;
}

interface Props {
  columns: readonly Column[];
  onRemove: (place: number) => void;
  onFirst: (place: number) => void;
}

export function Figures({ columns, onRemove, onFirst }: Props) {
  const { t } = useSpeech();
  const nowMs = useNow(30_000);
  const [isBrief, setIsBrief] = useState(false);
  const lines = useLines(columns);
  const tracks = { "--count": columns.length } as CSSProperties;
  return (
    <table className={styles.figures} style={tracks} aria-label={t.compare}>
      <thead>
        <tr>
          <th scope="col">
            {columns.length > 1 && (
              <label className={styles.brief}>
                <input type="checkbox" checked={isBrief} onChange={(event) => setIsBrief(event.target.checked)} />
                {t.differencesOnly}
              </label>
            )}
          </th>
          {columns.map(({ item, trace, span }, place) => {
            const isSpan = item.spanId !== null;
            const name = isSpan && span ? spanLabel(span.name, span.model) : spanLabel(trace.row.name, trace.row.models[0] ?? null);
            return (
              <th key={place} scope="col">
                <div className={styles.name}>
                  <Link to="/traces/$traceId" params={{ traceId: item.traceId }} search={isSpan && item.spanId !== null ? { span: item.spanId } : {}}>
                    {name}
                  </Link>
                  {place > 0 && (
                    <IconButton label={t.makeFirst} onClick={() => onFirst(place)}>
                      <IconArrowBarToLeft size={15} stroke={1.6} />
                    </IconButton>
                  )}
                  <IconButton label={t.removeFromCompare(name)} onClick={() => onRemove(place)}>
                    <IconX size={14} stroke={1.7} />
                  </IconButton>
                </div>
                <div className={styles.when}>
                  <Ago ns={isSpan && span ? span.startNs : trace.row.startNs} nowMs={nowMs} /> · <code>{item.traceId.slice(0, 8)}</code>
                </div>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {lines.map(({ name, cells, isSame }) => (isBrief && isSame ? null : (
          <tr key={name} className={cx(!isSame && columns.length > 1 && styles.differs)}>
            <th scope="row">{name}</th>
            {cells.map((cell, place) => (
              <td key={place}>{cell}</td>
            ))}
          </tr>
        )))}
      </tbody>
    </table>
  );
}

interface Facts {
  status: Status;
  error: string | null;
  models: readonly string[];
  durationNs: number;
  firstTokenNs: number | null;
  usage: Usage | null;
  costUsd: number | null;
  costReason: string | null;
  isCostPartial: boolean;
  attempts: number | null;
  tools: readonly string[] | null;
  finish: string | null;
}

/** A span that is compared by itself speaks for itself, a trace for all of its spans. */
function factsOf({ item, trace: { row }, span }: Column): Facts {
  const finish = span?.finishReason ?? null;
  if (item.spanId === null || span === null) {
    const { status, models, durationNs, firstTokenNs, usage, costUsd, costReason, isCostPartial, attempts, tools } = row;
    return { status, error: row.error?.type ?? null, models, durationNs, firstTokenNs, usage, costUsd, costReason, isCostPartial, attempts, tools, finish };
  }
  const { status, durationNs, firstTokenNs, usage, costUsd, costReason } = span;
  const models = span.model === null ? [] : [span.model];
  return { status, error: span.error?.type ?? null, models, durationNs, firstTokenNs, usage, costUsd, costReason, isCostPartial: false, attempts: null, tools: null, finish };
}

function useLines(columns: readonly Column[]): Line[] {
  const { t, language } = useSpeech();
  const facts = columns.map(factsOf);
  const [first] = facts;
  const count = (amount: number) => formatCount(amount, language);
  const line = (name: string, of: (facts: Facts) => unknown, show: (facts: Facts) => ReactNode): Line => ({
    name,
    cells: facts.map(show),
    isSame: areSame(facts.map(of)),
  });
  /** A figure, and how much more than the first one's. */
  const figure = (name: string, of: (facts: Facts) => number | null, write: (amount: number) => string, show: (facts: Facts) => ReactNode): Line => ({
    name,
    cells: facts.map((each, place) => <Amount key={place} value={of(each)} first={place === 0 || !first ? null : of(first)} write={write} shown={show(each)} />),
    isSame: areSame(facts.map(of)),
  });
  const tokens = (name: string, of: (usage: Usage) => number | null): Line => {
    const value = ({ usage }: Facts) => (usage ? of(usage) : null);
    return figure(name, value, count, (each) => {
      const amount = value(each);
      return amount === null ? <Unknown why={t.whyNoTokens} /> : count(amount);
    });
  };
  const parameters = parameterLines(columns.map(({ payload }) => payload?.chat?.parameters ?? null));
  return [
    line(t.status, ({ status, error }) => [status, error], (each) => <State facts={each} />),
    line(t.model, ({ models }) => models, ({ models }) => (models.length === 0 ? <Unknown why={t.whyNoModel} /> : models.map((id) => <div key={id}><ModelName id={id} /></div>))),
    figure(t.latency, ({ durationNs }) => durationNs, formatDuration, ({ durationNs }) => formatDuration(durationNs)),
    figure(t.firstToken, ({ firstTokenNs }) => firstTokenNs, formatDuration, ({ firstTokenNs }) => <Duration ns={firstTokenNs} why={t.whyNoFirstToken} />),
    tokens(t.columnNames.tokensIn, ({ input }) => input),
    tokens(t.columnNames.tokensOut, ({ output }) => output),
    tokens(t.columnNames.tokensCached, ({ cacheRead }) => cacheRead),
    figure(t.cost, ({ costUsd }) => costUsd, (usd) => formatCost(usd, language), (each) => <Cost usd={each.costUsd} reason={each.costReason} isPartial={each.isCostPartial} />),
    line(t.attemptsName, ({ attempts }) => attempts, ({ attempts }) => (attempts === null || attempts === 0 ? "–" : count(attempts))),
    line(t.columnNames.tools, ({ tools }) => tools, ({ tools }) => (tools === null || tools.length === 0 ? "–" : tools.join(", "))),
    line(t.finishName, ({ finish }) => finish, ({ finish }) => finish ?? "–"),
    ...parameters.map(({ name, values, isSame }): Line => ({
      name,
      cells: values.map((value, place) => (value === undefined ? "–" : <code key={place}>{inlineJson(value, 200)}</code>)),
      isSame,
    })),
  ];
}

function State({ facts: { status, error } }: { facts: Facts }) {
  const { t } = useSpeech();
  if (status === "ERROR") return <span className={styles.failed}>{error ?? t.statusError}</span>;
  return status === "OK" ? t.statusOk : t.statusUnset;
}

interface AmountProps {
  value: number | null;
  first: number | null;
  write: (amount: number) => string;
  shown: ReactNode;
}

function Amount({ value, first, write, shown }: AmountProps) {
  const by = value === null || first === null ? 0 : value - first;
  return (
    <>
      {shown}
      {by !== 0 && <span className={styles.by}>{`${by > 0 ? "+" : "−"}${write(Math.abs(by))}`}</span>}
    </>
  );
}
