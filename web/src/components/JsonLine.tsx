// One line of the JSON viewer: fold mark, key, value or its size, and what can be copied.
import { IconChevronRight, IconRoute } from "@tabler/icons-react";
import { formatBytes, formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson, isRecord, pathText, toText, type PathStep } from "@/lib/json";
import { cx } from "@/lib/cx";
import type { JsonRow } from "@/model/jsonRows";
import { CopyButton } from "./CopyButton";
import styles from "./JsonLine.module.css";

interface Props {
  row: JsonRow;
  /** What the copied path begins with. */
  root: readonly PathStep[];
  isFull: boolean;
  onToggle: () => void;
  onToggleFull: () => void;
}

const CUT = 180;

export function JsonLine({ row, root, isFull, onToggle, onToggleFull }: Props) {
  const { t } = useSpeech();
  const isBranch = row.size > 0 && bytesOf(row.value) === null;
  return (
    <div className={styles.line} style={{ paddingLeft: row.depth * 16 }}>
      {isBranch ? (
        <button type="button" className={styles.branch} aria-expanded={row.isOpen} onClick={onToggle}>
          <IconChevronRight size={14} stroke={1.8} className={cx(styles.chevron, row.isOpen && styles.open)} aria-hidden />
          <Key step={row.step} />
          <Summary row={row} />
        </button>
      ) : (
        <div className={styles.leaf}>
          <Key step={row.step} />
          <Leaf row={row} isFull={isFull} onToggleFull={onToggleFull} />
        </div>
      )}
      <span className={styles.actions}>
        <CopyButton text={() => toText(row.value)} label={t.copyValue} />
        <CopyButton text={pathText([...root, ...row.path])} label={t.copyPath} icon={<IconRoute size={15} stroke={1.6} />} />
      </span>
    </div>
  );
}

function Key({ step }: { step: PathStep | null }) {
  if (step === null) return null;
  return <span className={cx(styles.key, typeof step === "number" && styles.index)}>{step}</span>;
}

function Summary({ row }: { row: JsonRow }) {
  const { t, language } = useSpeech();
  const size = formatCount(row.size, language);
  const words = row.kind === "array" ? t.items(size) : t.keysCount(size);
  return (
    <span className={styles.summary}>
      {row.isOpen ? row.kind === "array" && `[${size}]` : inlineJson(row.value, 100)}
      {!row.isOpen && row.size > 3 && <span className={styles.count}>{words}</span>}
    </span>
  );
}

function Leaf({ row, isFull, onToggleFull }: Pick<Props, "row" | "isFull" | "onToggleFull">) {
  const { t, language } = useSpeech();
  const bytes = bytesOf(row.value);
  if (bytes !== null) return <span className={styles.summary}>{t.binary(formatBytes(bytes))}</span>;
  if (typeof row.value !== "string") {
    const text = row.size === 0 && row.kind === "array" ? "[]" : row.kind === "object" ? "{}" : String(row.value);
    return <span className={styles[row.kind]}>{text}</span>;
  }
  const isLong = row.value.length > CUT || row.value.includes("\n");
  if (!isLong) return <span className={styles.string}>{isMistakable(row.value) ? JSON.stringify(row.value) : row.value}</span>;
  return (
    <span className={styles.string}>
      <span className={isFull ? styles.whole : undefined}>{isFull ? row.value : `${row.value.slice(0, CUT).replace(/\s+/g, " ")}…`}</span>{" "}
      <button type="button" className={styles.more} onClick={onToggleFull}>
        {isFull ? t.showLess : `${t.showAll} (${formatCount(row.value.length, language)})`}
      </button>
    </span>
  );
}

/** Texts that would read as something else without their quotes: "", "5", "true". */
const isMistakable = (text: string): boolean => text.trim() === "" || /^(-?[\d.]+|true|false|null)$/.test(text);

/** The server shows bytes as `{"$bytes": size}`. */
export function bytesOf(value: unknown): number | null {
  if (!isRecord(value)) return null;
  const size = value.$bytes;
  return typeof size === "number" && Object.keys(value).length === 1 ? size : null;
}
