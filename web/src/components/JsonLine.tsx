// One line of the JSON viewer: fold mark, key, value or its size, and what can be copied.
import { IconChevronRight, IconRoute } from "@tabler/icons-react";
import { formatBytes, formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson, isRecord, pathText, type PathStep } from "@/lib/json";
import { cx } from "@/lib/cx";
import type { JsonRow } from "@/model/jsonRows";
import { CopyButton } from "./CopyButton";
import styles from "./JsonLine.module.css";

interface Props {
  row: JsonRow;
  /** What the copied path begins with. */
  root: readonly PathStep[];
  /** The whole of a long text, where that is wished; null shows its beginning. */
  full: string | null;
  /** How long a text is, of which the row has the beginning alone. */
  length?: number | undefined;
  /** A word to mark, and whether the search stands here. */
  word?: string;
  isAt?: boolean;
  copyValue: () => string | Promise<string>;
  onToggle: () => void;
  onToggleFull: () => void;
}

const CUT = 180;
// A browser lays out no more at once without a stop; the copy has it all.
const MOST = 200_000;

export function JsonLine({ row, root, full, length, word = "", isAt = false, copyValue, onToggle, onToggleFull }: Props) {
  const { t } = useSpeech();
  const isBranch = row.size > 0 && bytesOf(row.value) === null;
  return (
    <div className={cx(styles.line, isAt && styles.at)} style={{ paddingLeft: row.depth * 16 }}>
      {isBranch ? (
        <button type="button" className={styles.branch} aria-expanded={row.isOpen} onClick={onToggle}>
          <IconChevronRight size={14} stroke={1.8} className={cx(styles.chevron, row.isOpen && styles.open)} aria-hidden />
          <Key step={row.step} word={word} />
          <Summary row={row} />
        </button>
      ) : (
        <div className={styles.leaf}>
          <Key step={row.step} word={word} />
          <Leaf row={row} full={full} length={length} word={word} onToggleFull={onToggleFull} />
        </div>
      )}
      <span className={styles.actions}>
        <CopyButton text={copyValue} label={t.copyValue} />
        <CopyButton text={pathText([...root, ...row.path])} label={t.copyPath} icon={<IconRoute size={15} stroke={1.6} />} />
      </span>
    </div>
  );
}

function Key({ step, word }: { step: PathStep | null; word: string }) {
  if (step === null) return null;
  return <span className={cx(styles.key, typeof step === "number" && styles.index)}>{typeof step === "number" ? step : <Marked text={step} word={word} />}</span>;
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

function Leaf({ row, full, length, word, onToggleFull }: Pick<Props, "row" | "full" | "length" | "onToggleFull"> & { word: string }) {
  const { t, language } = useSpeech();
  const bytes = bytesOf(row.value);
  if (bytes !== null) return <span className={styles.summary}>{t.binary(formatBytes(bytes))}</span>;
  if (typeof row.value !== "string") {
    const text = row.size === 0 && row.kind === "array" ? "[]" : row.kind === "object" ? "{}" : String(row.value);
    return <span className={styles[row.kind]}><Marked text={text} word={word} /></span>;
  }
  const letters = length ?? row.value.length;
  const isLong = letters > CUT || row.value.includes("\n");
  if (!isLong) return <span className={styles.string}><Marked text={isMistakable(row.value) ? JSON.stringify(row.value) : row.value} word={word} /></span>;
  const isOver = full !== null && full.length > MOST;
  return (
    <span className={styles.string}>
      <span className={full === null ? undefined : styles.whole}>
        <Marked text={full === null ? `${row.value.slice(0, CUT).replace(/\s+/g, " ")}…` : isOver ? `${full.slice(0, MOST)}…` : full} word={word} />
      </span>{" "}
      {isOver && <span className={styles.summary}>{t.tooLongToShow(formatCount(MOST, language))} </span>}
      <button type="button" className={styles.more} onClick={onToggleFull}>
        {full === null ? `${t.showAll} (${formatCount(letters, language)})` : t.showLess}
      </button>
    </span>
  );
}

/** A text in which a word is marked wherever it stands. */
export function Marked({ text, word }: { text: string; word: string }) {
  if (word === "" || !text.toLowerCase().includes(word.toLowerCase())) return text;
  const pieces = text.split(new RegExp(`(${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`, "gi"));
  return pieces.map((piece, i) => (i % 2 === 1 ? <mark key={i}>{piece}</mark> : piece));
}

/** Texts that would read as something else without their quotes: "", "5", "true". */
const isMistakable = (text: string): boolean => text.trim() === "" || /^(-?[\d.]+|true|false|null)$/.test(text);

/** The server shows bytes as `{"$bytes": size}`. */
export function bytesOf(value: unknown): number | null {
  if (!isRecord(value)) return null;
  const size = value.$bytes;
  return typeof size === "number" && Object.keys(value).length === 1 ? size : null;
}
