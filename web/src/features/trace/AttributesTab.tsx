// Attributes of the span, and of the process that sent it, as sorted keys and values.
import { useMemo, useState } from "react";
import { CopyButton } from "@/components/CopyButton";
import { bytesOf } from "@/components/JsonLine";
import { JsonTree } from "@/components/JsonTree";
import { ScrollPane, VirtualRows } from "@/components/VirtualRows";
import { formatBytes } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson, parseJsonText, toText } from "@/lib/json";
import { CutNote } from "./CutNote";
import styles from "./AttributesTab.module.css";

type Attributes = Readonly<Record<string, unknown>>;
type Line = { title: string } | { key: string; value: unknown };

function linesOf(title: string | null, attributes: Attributes, wanted: string): Line[] {
  const found = Object.entries(attributes)
    .filter(([key, value]) => wanted === "" || key.toLowerCase().includes(wanted) || toText(value).toLowerCase().includes(wanted))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value }));
  return found.length > 0 && title !== null ? [{ title }, ...found] : found;
}

interface Props {
  attributes: Attributes;
  resource: Attributes;
  isCut: boolean;
  /** Leads to where all of a payload can be had that is shown here in part. */
  onSeeAll: () => void;
}

export function AttributesTab({ attributes, resource, isCut, onSeeAll }: Props) {
  const { t } = useSpeech();
  const [wanted, setWanted] = useState("");
  const lines = useMemo(() => {
    const word = wanted.trim().toLowerCase();
    return [...linesOf(null, attributes, word), ...linesOf(t.resource, resource, word)];
  }, [attributes, resource, wanted, t]);
  return (
    <ScrollPane>
      <div className={styles.filter}>
        <input
          type="search"
          value={wanted}
          placeholder={t.attributeFilter}
          aria-label={t.attributeFilter}
          onChange={(event) => setWanted(event.target.value)}
        />
      </div>
      {isCut && <CutNote onSeeAll={onSeeAll} />}
      {lines.length === 0 && <p className={styles.none}>{wanted ? t.noAttributeMatches : t.nothingCaptured}</p>}
      <VirtualRows
        role="table"
        label={t.attributes}
        count={lines.length}
        height={33}
        isMeasured
        keyOf={(i) => keyOf(lines[i], i)}
        render={(i) => {
          const line = lines[i];
          return line && ("title" in line ? <Title words={line.title} /> : <AttributeLine name={line.key} value={line.value} />);
        }}
      />
    </ScrollPane>
  );
}

const keyOf = (line: Line | undefined, i: number): string => (line === undefined ? `${i}` : "title" in line ? `# ${line.title}` : `${i}:${line.key}`);

function Title({ words }: { words: string }) {
  return (
    <div role="row">
      <span role="cell" className={styles.title}>{words}</span>
    </div>
  );
}

const CUT = 400;
const SHORT = 60;

function AttributeLine({ name, value }: { name: string; value: unknown }) {
  const { t } = useSpeech();
  return (
    <div role="row" className={styles.row}>
      <span role="rowheader" className={styles.key}>{name}</span>
      <span role="cell" className={styles.value}>
        <Value value={value} />
        <CopyButton text={() => toText(value)} label={`${t.copyValue}: ${name}`} className={styles.copy} />
      </span>
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  const { t } = useSpeech();
  const [isWhole, setIsWhole] = useState(false);
  const bytes = bytesOf(value);
  if (bytes !== null) return <span className={styles.faint}>{t.binary(formatBytes(bytes))}</span>;
  const json = typeof value === "string" ? parseJsonText(value) : typeof value === "object" && value !== null ? value : undefined;
  if (json !== undefined) {
    const short = inlineJson(json, SHORT);
    return short.endsWith("…") ? <JsonTree value={json} /> : short;
  }
  const text = toText(value);
  if (text.length <= CUT || isWhole) return text;
  return (
    <>
      {text.slice(0, CUT)}…{" "}
      <button type="button" className={styles.more} onClick={() => setIsWhole(true)}>
        {t.showAll}
      </button>
    </>
  );
}
