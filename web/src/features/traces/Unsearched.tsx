// Says that words of some traces are not indexed yet, so that a search may lack them; asking again may find more.
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Unsearched.module.css";

interface Props {
  count: number;
  onAsk: () => void;
}

/** A line above a list that has found something. */
export function Unsearched({ count, onAsk }: Props) {
  const { t, language } = useSpeech();
  return (
    <div className={styles.line} role="status">
      <span>{t.unsearched(count, formatCount(count, language))}</span>
      <button type="button" className={styles.again} onClick={onAsk}>
        {t.searchAgain}
      </button>
    </div>
  );
}

/** In the place of a list that has found nothing: that nothing matches cannot be said yet. It is asked again by itself. */
export function NothingYet({ count, onAsk }: Props) {
  const { t, language } = useSpeech();
  return (
    <section className={styles.page} role="status">
      <h2 className={styles.title}>{t.nothingFoundYet}</h2>
      <p className={styles.lead}>{t.unsearched(count, formatCount(count, language))}</p>
      <p className={styles.lead}>{t.searchedByItself}</p>
      <button type="button" className={styles.again} onClick={onAsk}>
        {t.searchAgain}
      </button>
    </section>
  );
}
