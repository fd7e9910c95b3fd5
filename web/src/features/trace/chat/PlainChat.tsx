// A span that is no conversation, such as a function: its input and its output, readable.
import type { SpanPayload } from "@/api/read";
import { ErrorNote } from "@/components/ErrorNote";
import { JsonTree } from "@/components/JsonTree";
import { Markdown } from "@/components/Markdown";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Chat.module.css";
import { Line } from "./Line";

export function PlainChat({ payload }: { payload: SpanPayload }) {
  const { t } = useSpeech();
  const { inputs, outputs, span } = payload;
  return (
    <>
      <Line role={t.input} isPlainRole>
        <Value value={inputs} />
      </Line>
      {(!span.error || (outputs !== null && outputs !== undefined)) && (
        <Line role={t.output} isPlainRole isAnswer>
          <Value value={outputs} />
        </Line>
      )}
      {span.error && (
        <Line role={t.errorRole} isPlainRole>
          <ErrorNote error={span.error} />
        </Line>
      )}
    </>
  );
}

/** A value for reading: text as what it says, all else as JSON. */
export function Value({ value }: { value: unknown }) {
  const { t } = useSpeech();
  if (value === null || value === undefined) return <p className={styles.faint}>{t.nothingCaptured}</p>;
  if (typeof value === "string") return <Markdown text={value} />;
  return <JsonTree value={value} />;
}
