// A tool call and its result on one line that unfolds; the tool's own span is one click away.
import { IconArrowRight, IconTool } from "@tabler/icons-react";
import { use } from "react";
import { Fold } from "@/components/Fold";
import { JsonTree } from "@/components/JsonTree";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson, isRecord } from "@/lib/json";
import { plainResponse, type ToolCall, type ToolResult } from "@/model/conversation";
import type { Span } from "@/model/trace";
import { useOpenTrace } from "../TraceContext";
import styles from "./Chat.module.css";
import { ToolResponse } from "./ToolResponse";
import { ToolSpansContext } from "./ToolSpansContext";

export function ToolExchange({ call, result }: { call: ToolCall; result: ToolResult | null }) {
  const { t } = useSpeech();
  const span = use(ToolSpansContext).get(call.index);
  return (
    <Fold
      className={styles.exchange}
      label={
        <>
          <IconTool size={14} stroke={1.7} className={styles.toolIcon} aria-hidden />
          <span className={styles.toolName}>{call.name}</span>{" "}
          <code className={styles.toolArguments}>{inlineArguments(call.arguments)}</code>
          <Outcome result={result} />
        </>
      }
      aside={span && <SpanLink span={span} />}
    >
      <dl className={styles.unfolded}>
        <dt>{t.arguments}</dt>
        <dd>{isRecord(call.arguments) || Array.isArray(call.arguments) ? <JsonTree value={call.arguments} /> : <pre>{inlineArguments(call.arguments)}</pre>}</dd>
        <dt>{t.result}</dt>
        <dd>{result ? <ToolResponse result={result} /> : <span className={styles.faint}>{t.noResultYet}</span>}</dd>
      </dl>
    </Fold>
  );
}

const inlineArguments = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : inlineJson(value, 90));

function Outcome({ result }: { result: ToolResult | null }) {
  const { t } = useSpeech();
  if (!result) return null;
  return (
    <span className={result.isFailure ? styles.toolFailed : styles.toolResult}>
      <IconArrowRight size={13} stroke={1.8} aria-label="→" />
      {result.isFailure && <b>{t.toolFailed}</b>} <code>{inlineJson(plainResponse(result.response), 90)}</code>
    </span>
  );
}

function SpanLink({ span }: { span: Span }) {
  const { t } = useSpeech();
  const { select } = useOpenTrace();
  return (
    <span className={styles.toolSpan}>
      <span>{formatDuration(span.durationNs)}</span>
      <button type="button" className={styles.open} onClick={() => select(span.id)}>
        {t.openSpan}
      </button>
    </span>
  );
}
