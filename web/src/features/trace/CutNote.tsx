// Says that something is shown in part, and leads to where all of it can be had.
import { useSpeech } from "@/lib/i18n/language";
import styles from "./CutNote.module.css";

export function CutNote({ onSeeAll }: { onSeeAll: () => void }) {
  const { t } = useSpeech();
  return (
    <p className={styles.note}>
      {t.cutHere}{" "}
      <button type="button" className={styles.open} onClick={onSeeAll}>
        {t.seeWhole}
      </button>
    </p>
  );
}
