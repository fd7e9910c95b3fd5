// The sources of a text, folded beneath it.
import { Fold } from "@/components/Fold";
import { useSpeech } from "@/lib/i18n/language";
import type { Citation } from "@/model/citations";
import styles from "./Chat.module.css";

export function Citations({ citations }: { citations: readonly Citation[] }) {
  const { t } = useSpeech();
  return (
    <Fold className={styles.citations} label={t.citationCount(citations.length)}>
      <ol>
        {citations.map(({ title, place, quotes, url }, i) => (
          <li key={i}>
            {url === null ? (title ?? t.untitled) : (
              <a href={url} target="_blank" rel="noreferrer noopener">
                {title ?? url}
              </a>
            )}
            {place !== null && place !== url && <span className={styles.faint}> {place}</span>}
            {quotes.map((quote, at) => (
              <blockquote key={at}>“{quote}”</blockquote>
            ))}
          </li>
        ))}
      </ol>
    </Fold>
  );
}
