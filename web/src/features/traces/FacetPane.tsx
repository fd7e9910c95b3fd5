// What the traces of the list have, with counts; choosing a value adds it to the filter, or takes it out again.
import { useQuery } from "@tanstack/react-query";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { facetsQuery, type ListAsk } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { IconButton } from "@/components/IconButton";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { FACETS, facetClause, type Facet } from "@/model/filterFields";
import { hasClause, withClause, withoutClause } from "@/model/filterText";
import { shortModel, shortOperation } from "@/model/modelName";
import styles from "./FacetPane.module.css";

const TOP = 8;
// As many as the server gives.
const MOST = 100;

interface Props {
  ask: ListAsk;
  onFilter: (filter: string) => void;
  onClose: () => void;
}

export function FacetPane({ ask, onFilter, onClose }: Props) {
  const { t, language } = useSpeech();
  const [unfolded, setUnfolded] = useState<ReadonlySet<Facet>>(() => new Set());
  // One more than is shown tells whether there are more.
  const { data, error, refetch } = useQuery(facetsQuery(ask, unfolded.size > 0 ? MOST : TOP + 1));
  const filter = ask.filter ?? "";
  return (
    <aside className={styles.pane} aria-label={t.facets}>
      <div className={styles.head}>
        <h2>{t.facets}</h2>
        <IconButton label={t.close} onClick={onClose}>
          <IconX size={15} stroke={1.7} />
        </IconButton>
      </div>
      {error && !data && <Failure what={t.whatFacets} error={error} onRetry={() => void refetch()} />}
      {!error && !data && <SkeletonRows count={10} height={28} widths={[60, 12]} />}
      {data && data.words_waiting > 0 && <p className={styles.note}>{t.unsearched(data.words_waiting, formatCount(data.words_waiting, language))}</p>}
      {data && !data.is_exact && !data.words_waiting && <p className={styles.note}>{t.facetsOfNewest(formatCount(data.trace_count, language))}</p>}
      {data &&
        FACETS.map((facet) => {
          const all = data.facets[facet] ?? [];
          const isUnfolded = unfolded.has(facet);
          const values = isUnfolded ? all : all.slice(0, TOP);
          return values.length > 0 && (
            <section key={facet} className={styles.group}>
              <h3>{t.facetNames[facet]}</h3>
              <ul>
                {values.map(({ value, count, key }) => {
                  const clause = facetClause(facet, value, key);
                  const isChosen = hasClause(filter, clause);
                  return (
                    <li key={clause}>
                      <button
                        type="button"
                        className={styles.value}
                        aria-pressed={isChosen}
                        data-tip={clause}
                        onClick={() => onFilter(isChosen ? withoutClause(filter, clause) : withClause(filter, clause))}
                      >
                        <span className={styles.name}>{wordsOf(facet, value, key)}</span>
                        <span className={styles.count}>{formatCount(count, language)}</span>
                      </button>
                    </li>
                  );
                })}
              </ul>
              {all.length > values.length && (
                <button type="button" className={styles.more} aria-label={t.moreOf(t.facetNames[facet])} onClick={() => setUnfolded(new Set([...unfolded, facet]))}>
                  {t.moreValues}
                </button>
              )}
              {isUnfolded && all.length >= MOST && <p className={styles.most}>{t.mostFrequent(MOST)}</p>}
            </section>
          );
        })}
    </aside>
  );
}

function wordsOf(facet: Facet, value: string, key: string | null): string {
  if (facet === "model") return shortModel(value);
  if (facet === "operation") return shortOperation(value);
  return facet === "tag" && key !== null ? `${key}: ${value}` : value;
}
