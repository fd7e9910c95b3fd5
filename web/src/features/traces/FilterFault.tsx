// What is wrong with the filter: where, why, and the name that was probably meant.
import type { FilterFault as Fault } from "@/api/client";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./FilterFault.module.css";

interface Props {
  fault: Fault;
  filter: string;
  onFilter: (filter: string) => void;
}

export function FilterFault({ fault, filter, onFilter }: Props) {
  const { t } = useSpeech();
  const { suggestion, column } = fault;
  const mend = (meant: string) => {
    // The word at the column goes; column counts from 1.
    const before = filter.slice(0, column - 1);
    onFilter(before + meant + filter.slice(column - 1).replace(/^[\w.`]+/u, ""));
  };
  return (
    <div className={styles.fault} role="alert">
      <div className={styles.message}>{fault.message}</div>
      {fault.excerpt !== "" && <pre className={styles.excerpt}>{fault.excerpt}</pre>}
      {suggestion !== null && (
        <button type="button" className={styles.mend} onClick={() => mend(suggestion)}>
          {t.didYouMean(suggestion)}
        </button>
      )}
    </div>
  );
}
