// The spans of the traces, those of the same name beside each other; the chosen ones' words are compared below.
import { useState } from "react";
import { SpanIcon } from "@/components/SpanIcon";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Place } from "@/model/compared";
import { spanLabel } from "@/model/modelName";
import type { Span } from "@/model/trace";
import { Fold } from "@/components/Fold";
import styles from "./Compare.module.css";

interface Props {
  places: readonly Place[];
  isWhole: boolean;
  chosen: number;
  onChoose: (place: number) => void;
}

const AT_ONCE = 60;

export function Places({ places, isWhole, chosen, onChoose }: Props) {
  const { t, language } = useSpeech();
  const [limit, setLimit] = useState(Math.max(AT_ONCE, chosen + 1));
  return (
    <section className={styles.section}>
      <Fold className={styles.fold} label={<span className={styles.sectionName}>{t.spans}</span>} isOpenAtFirst={places.length <= 12}>
        <ul className={styles.places} aria-label={t.spans}>
          {places.slice(0, limit).map(({ name, depth, spans }, place) => {
            const some = spans.find((span) => span !== null);
            return (
              <li key={place}>
                <button type="button" className={styles.place} aria-pressed={place === chosen} onClick={() => onChoose(place)}>
                  <span className={styles.placeName} style={{ paddingLeft: depth * 16 }}>
                    {some && <SpanIcon kind={some.kind} type={some.type} />}
                    <span>{spanLabel(name, some?.model ?? null)}</span>
                  </span>
                  {spans.map((span, i) => (
                    <PlaceSpan key={i} span={span} first={i === 0 ? null : (spans[0] ?? null)} />
                  ))}
                </button>
              </li>
            );
          })}
        </ul>
        {places.length > limit && (
          <button type="button" className={styles.more} onClick={() => setLimit(limit + 5 * AT_ONCE)}>
            {t.showMore(formatCount(places.length - limit, language))}
          </button>
        )}
        {!isWhole && <p className={styles.note}>{t.placesCut(formatCount(places.length, language))}</p>}
      </Fold>
    </section>
  );
}

function PlaceSpan({ span, first }: { span: Span | null; first: Span | null }) {
  const { t } = useSpeech();
  if (span === null) return <span className={styles.absent}>{t.notThere}</span>;
  const by = first === null ? 0 : span.durationNs - first.durationNs;
  return (
    <span className={styles.placeSpan}>
      {span.status === "ERROR" && <span className={styles.failed}>{span.error?.type ?? t.error}</span>}
      <span>{formatDuration(span.durationNs)}</span>
      {by !== 0 && <span className={styles.by}>{`${by > 0 ? "+" : "−"}${formatDuration(Math.abs(by))}`}</span>}
    </span>
  );
}
