// The selected span: what it is in one line, and its views.
import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconHash } from "@tabler/icons-react";
import { spanQuery } from "@/api/queries";
import { CopyButton } from "@/components/CopyButton";
import { Failure } from "@/components/Failure";
import { Cost, Duration, Tokens } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { SpanIcon } from "@/components/SpanIcon";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { SPAN_TABS, type SpanTab, type TraceSearch } from "@/model/address";
import { shortModel, spanLabel } from "@/model/modelName";
import type { Span, Trace } from "@/model/trace";
import { AttributesTab } from "./AttributesTab";
import { ChatTab } from "./chat/ChatTab";
import { CodeTab } from "./CodeTab";
import { FeedbackTab } from "./feedback/FeedbackTab";
import { EventsTab } from "./events/EventsTab";
import { PayloadTab } from "./payload/PayloadTab";
import styles from "./SpanPane.module.css";
import { useOpenTrace } from "./TraceContext";
import type { Change } from "./TraceView";

interface Props {
  trace: Trace;
  spanId: string;
  search: TraceSearch;
  go: (change: Change) => void;
  /** Not all spans are there yet. */
  isLoading: boolean;
}

// Types of spans that are calls of a service: only those can be made again by themselves.
const CALLS: ReadonlySet<string> = new Set(["CHAT_MODEL", "LLM", "EMBEDDING", "RERANKER", "GUARDRAIL", "RETRIEVER"]);

export function SpanPane({ trace, spanId, search, go, isLoading }: Props) {
  const { t } = useSpeech();
  const { tree } = useOpenTrace();
  const span = tree.byId.get(spanId)?.span;
  const tab = search.tab ?? "chat";
  const choose = (name: string | null) => {
    const next = SPAN_TABS.find((each) => each === name);
    if (next) go({ tab: next, chunk: undefined });
  };
  useKeys(Object.fromEntries(SPAN_TABS.map((name, i) => [String(i + 1), () => choose(name)])));
  if (!span && isLoading) return <SkeletonRows count={8} height={32} widths={[10, 60]} />;
  if (!span) return <p className={styles.none}>{t.noSpan}</p>;
  const names: Record<SpanTab, string> = { chat: t.chat, io: t.inputsOutputs, events: t.events, attributes: t.attributes, feedback: t.feedback, code: t.code };
  return (
    <section className={styles.pane} aria-label={span.name}>
      <SpanHead traceId={trace.row.id} span={span} />
      <Tabs
        value={tab}
        onChange={choose}
        keepMounted={false}
        classNames={{ root: styles.tabs ?? "", list: styles.list ?? "", tab: styles.tab ?? "", panel: styles.panel ?? "" }}
      >
        <Tabs.List aria-label={t.spanViews}>
          {SPAN_TABS.filter((name) => name !== "code" || CALLS.has(span.type) || tab === "code").map((name) => (
            <Tabs.Tab key={name} value={name}>
              {names[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Payload trace={trace} span={span} tab={tab} chunk={search.chunk} go={go} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function SpanHead({ traceId, span: known }: { traceId: string; span: Span }) {
  const { t } = useSpeech();
  const { data } = useQuery(spanQuery(traceId, known.id));
  // Until its own payload has come, the one before stands in.
  const payload = data?.span.id === known.id ? data : undefined;
  // Of a large trace's spans not everything is known before.
  const span = payload?.span ?? known;
  const cost = { usd: payload?.cost?.usd ?? span.costUsd, reason: payload ? payload.costReason : span.costReason };
  // A span that asked no model costs nothing to speak of; a refused call says so by its error.
  const hasCost = cost.usd !== null || (cost.reason !== null && cost.reason !== "refused");
  return (
    <header className={styles.head}>
      <SpanIcon kind={span.kind} type={span.type} size={17} />
      <h2 className={styles.name}>{spanLabel(span.name, span.model)}</h2>
      {span.model !== null && <code className={styles.model} data-tip={[span.model, span.vendor].filter(Boolean).join("\n")}>{span.model}</code>}
      {span.responseModel !== null && span.responseModel !== span.model && (
        <span className={styles.answered} data-tip={t.answeredBy(span.responseModel)}>→ {shortModel(span.responseModel)}</span>
      )}
      <span className={styles.facts}>
        <span>{formatDuration(span.durationNs)}</span>
        {span.isStream && (
          <span>
            <span className={styles.label}>{t.firstToken}</span> <Duration ns={span.firstTokenNs} why={t.whyNoFirstTokenSpan} />
          </span>
        )}
        {span.usage && <Tokens usage={span.usage} source={payload && { rule: payload.usageRule, raw: payload.rawUsage }} />}
        {hasCost && (
          <span>
            {cost.usd === null && <span className={styles.label}>{t.cost} </span>}
            <Cost {...cost} parts={payload?.cost ?? null} />
          </span>
        )}
      </span>
      <CopyButton text={span.id} label={`${t.copy}: ${span.id}`} icon={<IconHash size={15} stroke={1.6} />} />
    </header>
  );
}

interface PayloadProps {
  trace: Trace;
  span: Span;
  tab: SpanTab;
  chunk: number | undefined;
  go: (change: Change) => void;
}

function Payload({ trace, span, tab, chunk, go }: PayloadProps) {
  const { t } = useSpeech();
  const { data, error, isPlaceholderData, refetch } = useQuery(spanQuery(trace.row.id, span.id));
  if (error && !data) return <Failure what={t.whatSpan} error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows count={8} height={32} widths={[10, 60]} />;
  const onSeeAll = () => go({ tab: "io" });
  const views: Record<SpanTab, React.ReactNode> = {
    chat: <ChatTab key={data.span.id} payload={data} onSeeAll={onSeeAll} />,
    io: <PayloadTab key={data.span.id} payload={data} />,
    events: <EventsTab key={data.span.id} payload={data} chunk={chunk} onChunk={(index) => go({ chunk: index })} onSeeAll={onSeeAll} />,
    attributes: <AttributesTab attributes={data.attributes} resource={trace.resource} isCut={data.cutMembers.includes("attributes")} onSeeAll={onSeeAll} />,
    feedback: <FeedbackTab key={data.span.id} traceId={trace.row.id} spanId={span.id} isRoot={span.parentId === null} />,
    code: <CodeTab payload={data} />,
  };
  // The span before stays until the next has come.
  return (
    <div className={styles.view} data-old={isPlaceholderData || undefined}>
      {views[tab]}
    </div>
  );
}
