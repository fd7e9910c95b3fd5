// A request that failed: what failed, why, and the retry in place.
import { IconAlertTriangle } from "@tabler/icons-react";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Failure.module.css";

interface Props {
  /** What could not be loaded, as an object of the sentence. */
  what: string;
  error: Error;
  onRetry: () => void;
}

export function Failure({ what, error, onRetry }: Props) {
  const { t } = useSpeech();
  return (
    <div className={styles.failure} role="alert">
      <IconAlertTriangle size={18} stroke={1.6} className={styles.sign} aria-hidden />
      <div>
        <div className={styles.title}>{t.failedTo(what)}</div>
        <div className={styles.detail}>{error.message || t.noAnswer}</div>
        <button type="button" className={styles.retry} onClick={onRetry}>
          {t.retry}
        </button>
      </div>
    </div>
  );
}
