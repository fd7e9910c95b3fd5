// At which prices calls are counted: of the models that were asked, and the server's own table.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { pricesQuery } from "@/api/settings";
import { Failure } from "@/components/Failure";
import { ModelName, Unknown } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { cx } from "@/lib/cx";
import { formatCount, formatExactCost } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { OTHER } from "@/model/overview";
import { Section } from "./Section";
import styles from "./Settings.module.css";

interface Rates {
  input: number | null;
  output: number | null;
  cache_read: number | null;
  cache_write: number | null;
}

export function PricesSection() {
  const { t, language } = useSpeech();
  const { data, error, refetch } = useQuery(pricesQuery);
  return (
    <Section title={t.prices} lead={t.pricesLead}>
      {error && <Failure what={t.whatPrices} error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} height={32} widths={[30, 10, 10]} />}
      {data && data.models.length > 0 && (
        <PriceTable name={t.pricesOfModels} first={t.model} hasCalls note={data.models.some(({ model }) => model === OTHER) ? t.modelsMerged : undefined}>
          {data.models.map((each) => (
            <tr key={each.model} role="row">
              <th scope="row" role="rowheader">{each.model === OTHER ? t.otherModels : <ModelName id={each.model} />}</th>
              <td role="cell" data-label={t.callCount} className={styles.number}>{formatCount(each.calls, language)}</td>
              <RateCells rates={each} why={each.model === OTHER ? t.modelsMerged : t.costReasons["unknown-model"]} />
              <td role="cell" data-none={each.source === null || undefined} className={styles.faint}>{each.source === null ? "–" : t.pricesOf(each.entry ?? each.model, each.source)}</td>
            </tr>
          ))}
        </PriceTable>
      )}
      {data && data.own.length > 0 && (
        <PriceTable name={t.ownPrices} first={t.pattern}>
          {data.own.map((each) => (
            <tr key={each.key} role="row">
              <th scope="row" role="rowheader"><code>{each.key}</code></th>
              <RateCells rates={each} why={t.asInput} />
            </tr>
          ))}
        </PriceTable>
      )}
      {data && Object.keys(data.profiles).length > 0 && (
        <dl className={styles.profiles} aria-label={t.profiles}>
          {Object.entries(data.profiles).map(([id, model]) => (
            <div key={id}>
              <dt><code>{id}</code></dt>
              <dd><code>{model}</code></dd>
            </div>
          ))}
        </dl>
      )}
    </Section>
  );
}

interface TableProps {
  name: string;
  /** What its first column has. */
  first: string;
  /** With columns for calls and for where the prices are from. */
  hasCalls?: boolean;
  note?: string | undefined;
  children: ReactNode;
}

/** On a phone a block for each model; roles are named since a browser may forget them with the form of a table. */
function PriceTable({ name, first, hasCalls = false, note, children }: TableProps) {
  const { t } = useSpeech();
  const rates = [t.inputCost, t.outputCost, t.cacheReadCost, t.cacheWriteCost];
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={name}>
      <table role="table" className={cx(styles.table, styles.prices, hasCalls && styles.withCalls)} aria-label={name}>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">{first}</th>
            {[...(hasCalls ? [t.callCount] : []), ...rates].map((each) => (
              <th key={each} scope="col" role="columnheader" className={styles.number}>{each}</th>
            ))}
            {hasCalls && <th scope="col" role="columnheader">{t.source}</th>}
          </tr>
        </thead>
        <tbody role="rowgroup">{children}</tbody>
      </table>
      {note !== undefined && <p className={styles.note}>{note}</p>}
    </div>
  );
}

function RateCells({ rates, why }: { rates: Rates; why: string }) {
  const { t, language } = useSpeech();
  const cells: [string, number | null][] = [
    [t.inputCost, rates.input],
    [t.outputCost, rates.output],
    [t.cacheReadCost, rates.cache_read],
    [t.cacheWriteCost, rates.cache_write],
  ];
  return cells.map(([label, rate]) => (
    <td key={label} role="cell" data-label={label} className={styles.number}>{rate === null ? <Unknown why={why} /> : formatExactCost(rate, language)}</td>
  ));
}
