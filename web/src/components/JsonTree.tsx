// JSON within a document: a tool's arguments, an unknown part. For whole payloads see JsonDocument.
import { useState } from "react";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { toText, type PathStep } from "@/lib/json";
import { JsonLine } from "./JsonLine";
import styles from "./JsonTree.module.css";
import { useJsonFold } from "./useJsonFold";

const AT_ONCE = 200;

export function JsonTree({ value, root = [] }: { value: unknown; root?: readonly PathStep[] }) {
  const { t, language } = useSpeech();
  const fold = useJsonFold(value, true);
  const [limit, setLimit] = useState(AT_ONCE);
  const hidden = fold.rows.length - limit;
  return (
    <div className={styles.tree}>
      {fold.rows.slice(0, limit).map((row) => (
        <JsonLine
          key={row.id}
          row={row}
          root={root}
          full={fold.isFull(row.id) ? toText(row.value) : null}
          copyValue={() => toText(row.value)}
          onToggle={() => fold.toggle(row.id)}
          onToggleFull={() => fold.toggleFull(row.id)}
        />
      ))}
      {hidden > 0 && (
        <button type="button" className={styles.more} onClick={() => setLimit(limit + AT_ONCE * 5)}>
          {t.showMore(formatCount(hidden, language))}
        </button>
      )}
    </div>
  );
}
