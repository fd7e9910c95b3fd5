// The words of two calls: system prompt, prompt and answer, or what went in and out where it is no conversation.
import { useMemo } from "react";
import { SkeletonRows } from "@/components/Skeleton";
import { useSpeech } from "@/lib/i18n/language";
import { prettyJson } from "@/lib/json";
import { partsText, transcript } from "@/model/transcript";
import styles from "./Compare.module.css";
import { TextDiff } from "./TextDiff";
import type { Column } from "./useCompared";

interface Props {
  columns: readonly Column[];
  /** The one that the first is held against. */
  other: number;
  onOther: (place: number) => void;
}

export function WordDiffs({ columns, other, onOther }: Props) {
  const { t } = useSpeech();
  const [first] = columns;
  const second = columns[other];
  if (!first || !second) return null;
  return (
    <section className={styles.section}>
      <div className={styles.pair}>
        <h2 className={styles.sectionName}>{t.promptAndAnswer}</h2>
        {columns.length > 2 && (
          <div role="group" aria-label={t.heldAgainst} className={styles.others}>
            {columns.map((_, place) => place > 0 && (
              <button key={place} type="button" aria-pressed={place === other} onClick={() => onOther(place)}>
                {`1 ↔ ${place + 1}`}
              </button>
            ))}
          </div>
        )}
      </div>
      <Pair first={first} second={second} />
    </section>
  );
}

function Pair({ first, second }: { first: Column; second: Column }) {
  const { t } = useSpeech();
  const texts = useMemo(() => [textsOf(first), textsOf(second)] as const, [first, second]);
  const failed = first.error ?? second.error;
  if (failed) return <p className={styles.note} role="alert">{`${t.failedTo(t.whatSpan)}: ${failed.message || t.noAnswer}`}</p>;
  if (first.span === null && second.span === null) return <p className={styles.note}>{t.notThere}</p>;
  const [one, other] = texts;
  const isWaiting = (first.span !== null && one === null) || (second.span !== null && other === null);
  if (isWaiting) return <SkeletonRows count={6} height={24} widths={[45, 45]} />;
  const names = { system: t.systemName, prompt: t.columnNames.prompt, answer: t.columnNames.answer, tools: t.columnNames.tools, inputs: t.inputs, outputs: t.outputs };
  const parts = PARTS.filter((part) => (one?.[part] ?? "") !== "" || (other?.[part] ?? "") !== "");
  const isCut = [first, second].some(({ payload }) => (payload?.cutMembers.length ?? 0) > 0);
  return (
    <>
      {parts.length === 0 && <p className={styles.note}>{t.nothingCaptured}</p>}
      {isCut && <p className={styles.note}>{t.compareCut}</p>}
      {parts.map((part) => (
        <TextDiff key={part} name={names[part]} before={one?.[part] ?? ""} after={other?.[part] ?? ""} />
      ))}
    </>
  );
}

const PARTS = ["system", "prompt", "answer", "tools", "inputs", "outputs"] as const;
type Texts = Partial<Record<(typeof PARTS)[number], string>>;

function textsOf({ payload }: Column): Texts | null {
  if (payload === null) return null;
  const { chat, inputs, outputs } = payload;
  if (chat === null) return { inputs: asText(inputs), outputs: asText(outputs) };
  return {
    system: partsText(chat.system),
    prompt: transcript(chat.messages),
    answer: transcript(chat.output),
    tools: chat.tools.length === 0 ? "" : chat.tools.map((tool) => prettyJson(tool)).join("\n"),
  };
}

const asText = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "string" ? value : prettyJson(value));
