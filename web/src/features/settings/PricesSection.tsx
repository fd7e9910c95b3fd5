// At which prices calls are counted: of the models that were asked, and the server's own table.
import { useQuery } from "@tanstack/react-query";
import { pricesQuery } from "@/api/settings";
import { Failure } from "@/components/Failure";
import { ModelName, Unknown } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatExactCost } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
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
        <PriceTable name={t.pricesOfModels} head={[t.model, t.callCount]}>
          {data.models.map((each) => (
            <tr key={each.model}>
              <th scope="row"><ModelName id={each.model} /></th>
              <td className={styles.number}>{formatCount(each.calls, language)}</td>
              <RateCells rates={each} why={t.costReasons["unknown-model"]} />
              <td className={styles.faint}>{each.source === null ? "–" : t.pricesOf(each.entry ?? each.model, each.source)}</td>
            </tr>
          ))}
        </PriceTable>
      )}
      {data && data.own.length > 0 && (
        <PriceTable name={t.ownPrices} head={[t.pattern, ""]}>
          {data.own.map((each) => (
            <tr key={each.key}>
              <th scope="row"><code>{each.key}</code></th>
              <td />
              <RateCells rates={each} why={t.asInput} />
              <td />
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

function PriceTable({ name, head, children }: { name: string; head: readonly [string, string]; children: React.ReactNode }) {
  const { t } = useSpeech();
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={name}>
      <table className={styles.table} aria-label={name}>
        <thead>
          <tr>
            <th scope="col">{head[0]}</th>
            {head[1] === "" ? <td /> : <th scope="col" className={styles.number}>{head[1]}</th>}
            {[t.inputCost, t.outputCost, t.cacheReadCost, t.cacheWriteCost].map((each) => (
              <th key={each} scope="col" className={styles.number}>{each}</th>
            ))}
            <th scope="col">{t.source}</th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function RateCells({ rates, why }: { rates: Rates; why: string }) {
  const { language } = useSpeech();
  return [rates.input, rates.output, rates.cache_read, rates.cache_write].map((rate, i) => (
    <td key={i} className={styles.number}>{rate === null ? <Unknown why={why} /> : formatExactCost(rate, language)}</td>
  ));
}
