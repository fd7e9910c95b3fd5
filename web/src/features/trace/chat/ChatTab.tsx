// A model call as a document: system, tools and parameters folded, then the conversation, its newest turn first
// in sight, then the answer. Spans that are no conversation show what went in and what came out.
import { useMemo } from "react";
import type { SpanPayload } from "@/api/read";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { readConversation, type Chat, type Conversation } from "@/model/conversation";
import { readDocuments } from "@/model/documents";
import { foldTurns } from "@/model/foldTurns";
import { readEmbeddings, readRerank } from "@/model/vectors";
import { toolSpans } from "@/model/toolSpans";
import { CutNote } from "../CutNote";
import { useOpenTrace } from "../TraceContext";
import styles from "./Chat.module.css";
import { DocumentsView } from "./DocumentsView";
import { EmbeddingView } from "./EmbeddingView";
import { Guardrail } from "./Guardrail";
import { Line } from "./Line";
import { Parameters } from "./Parameters";
import { PlainChat } from "./PlainChat";
import { RerankView } from "./RerankView";
import { SystemPrompt } from "./SystemPrompt";
import { ToolDefinitions } from "./ToolDefinitions";
import { ToolSpansContext } from "./ToolSpansContext";
import { TurnLine } from "./TurnLine";

interface Props {
  payload: SpanPayload;
  /** Leads to where all of a payload can be had that is shown here in part. */
  onSeeAll: () => void;
}

export function ChatTab({ payload, onSeeAll }: Props) {
  const { chat } = payload;
  return (
    <ScrollPane>
      {payload.cutMembers.includes("chat") && <CutNote onSeeAll={onSeeAll} />}
      <div className={styles.document}>
        {chat ? <ModelChat chat={chat} payload={payload} /> : <OtherSpan payload={payload} />}
      </div>
    </ScrollPane>
  );
}

const DOCUMENTS: ReadonlySet<string> = new Set(["RETRIEVER", "RERANKER"]);

/** Spans that are no conversation: in a form of their own where they have one. */
function OtherSpan({ payload }: { payload: SpanPayload }) {
  const { inputs, outputs, span } = payload;
  const rerank = useMemo(() => (span.error ? null : readRerank(inputs, outputs)), [inputs, outputs, span.error]);
  const embeddings = useMemo(() => (span.kind === "embedding" && !span.error ? readEmbeddings(inputs, outputs) : null), [inputs, outputs, span]);
  const documents = useMemo(() => (DOCUMENTS.has(span.type) && !span.error ? readDocuments(outputs) : null), [outputs, span]);
  if (span.type === "RERANKER" && rerank) return <RerankView rerank={rerank} />;
  if (embeddings) return <EmbeddingView embeddings={embeddings} />;
  if (documents) return <DocumentsView inputs={inputs} documents={documents} isRanking={span.type === "RERANKER"} />;
  return (
    <>
      <Guardrail outputs={outputs} />
      <PlainChat payload={payload} />
    </>
  );
}

function ModelChat({ chat, payload }: { chat: Chat; payload: SpanPayload }) {
  const { t } = useSpeech();
  const { tree } = useOpenTrace();
  const conversation = useMemo(() => readConversation(chat), [chat]);
  const spans = useMemo(() => toolSpans(tree, payload.span.id, conversation.calls), [tree, payload.span.id, conversation]);
  const { error } = payload.span;
  return (
    <ToolSpansContext value={spans}>
      {conversation.system.length > 0 && <SystemPrompt items={conversation.system} />}
      {chat.tools.length > 0 && <ToolDefinitions tools={chat.tools} called={new Set(conversation.calls.map(({ name }) => name))} />}
      {Object.keys(chat.parameters).length > 0 && <Parameters parameters={chat.parameters} />}
      <Sent conversation={conversation} />
      {conversation.answer.map((turn) => (
        <TurnLine key={turn.key} turn={turn} isAnswer />
      ))}
      {conversation.answer.length === 0 && !error && payload.span.kind !== "embedding" && (
        <Line role="assistant" isAnswer>
          <p className={styles.faint}>{t.noOutput}</p>
        </Line>
      )}
      <Guardrail outputs={payload.outputs} />
      {error && (
        <Line role={t.errorRole} isPlainRole>
          <ErrorNote error={error} />
        </Line>
      )}
    </ToolSpansContext>
  );
}

function Sent({ conversation }: { conversation: Conversation }) {
  const { t } = useSpeech();
  const sections = useMemo(() => foldTurns(conversation.sent), [conversation]);
  return sections.map((section) => {
    if (section.kind === "turn") return <TurnLine key={section.turn.key} turn={section.turn} />;
    const words = section.key === "earlier" ? t.earlierMessages : t.steps;
    return (
      <Fold key={section.key} className={styles.earlier} label={words(section.turns.length)}>
        {section.turns.map((turn) => (
          <TurnLine key={turn.key} turn={turn} />
        ))}
      </Fold>
    );
  });
}

