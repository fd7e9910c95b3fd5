// Whole payloads as JSON: a folding tree or the raw text. Rows are virtual, so size does not matter.
import { useMemo, useState } from "react";
import { useSpeech } from "@/lib/i18n/language";
import { prettyJson } from "@/lib/json";
import { CopyButton } from "./CopyButton";
import styles from "./JsonDocument.module.css";
import { JsonLine } from "./JsonLine";
import { useJsonFold } from "./useJsonFold";
import { VirtualRows } from "./VirtualRows";

interface Props {
  title: string;
  /** What copied paths begin with, such as `inputs`. */
  root: string;
  value: unknown;
}

export function JsonDocument({ title, root, value }: Props) {
  const { t } = useSpeech();
  const [isRaw, setIsRaw] = useState(false);
  const fold = useJsonFold(value, true);
  const isEmpty = value === null || value === undefined;
  return (
    <section className={styles.document} aria-label={title}>
      <header className={styles.head}>
        <h3>{title}</h3>
        {!isEmpty && (
          <div className={styles.tools}>
            {!isRaw && (
              <>
                <button type="button" onClick={fold.openAll}>{t.unfoldAll}</button>
                <button type="button" onClick={fold.closeAll}>{t.foldAll}</button>
              </>
            )}
            <button type="button" aria-pressed={isRaw} onClick={() => setIsRaw(!isRaw)}>{t.raw}</button>
            <CopyButton text={() => prettyJson(value)} label={`${t.copy}: ${title}`} />
          </div>
        )}
      </header>
      {isEmpty ? (
        <p className={styles.empty}>{t.nothingCaptured}</p>
      ) : isRaw ? (
        <RawLines value={value} />
      ) : (
        <VirtualRows
          count={fold.rows.length}
          height={24}
          isMeasured
          keyOf={(i) => fold.rows[i]?.id ?? i}
          render={(i) => {
            const row = fold.rows[i];
            return row && (
              <JsonLine
                row={row}
                root={[root]}
                isFull={fold.isFull(row.id)}
                onToggle={() => fold.toggle(row.id)}
                onToggleFull={() => fold.toggleFull(row.id)}
              />
            );
          }}
        />
      )}
    </section>
  );
}

function RawLines({ value }: { value: unknown }) {
  const lines = useMemo(() => prettyJson(value).split("\n"), [value]);
  return <VirtualRows count={lines.length} height={20} isMeasured render={(i) => <RawLine text={lines[i] ?? ""} />} />;
}

const CUT = 2000;

function RawLine({ text }: { text: string }) {
  const { t } = useSpeech();
  const [isWhole, setIsWhole] = useState(false);
  const isCut = text.length > CUT && !isWhole;
  return (
    <div className={styles.raw}>
      {isCut ? text.slice(0, CUT) : text}
      {isCut && (
        <button type="button" className={styles.more} onClick={() => setIsWhole(true)}>
          … {t.showAll}
        </button>
      )}
    </div>
  );
}
