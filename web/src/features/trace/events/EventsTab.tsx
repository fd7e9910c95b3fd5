// Events: the stream as it came, and what else happened within the span, in time order and on one axis.
import { useMemo } from "react";
import type { SpanPayload } from "@/api/read";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { stripEvents } from "@/model/playback";
import { ownEvents, readEvent } from "@/model/spanEvents";
import { arrival } from "@/model/stream";
import { CutNote } from "../CutNote";
import { EventList } from "./EventList";
import styles from "./Events.module.css";
import { StreamView } from "./StreamView";
import { StripChart } from "./StripChart";

interface Props {
  payload: SpanPayload;
  chunk: number | undefined;
  onChunk: (index: number) => void;
  /** Leads to where all of a payload can be had that is shown here in part. */
  onSeeAll: () => void;
}

const NO_CHUNKS = arrival([]);

export function EventsTab({ payload, chunk, onChunk, onSeeAll }: Props) {
  const { t } = useSpeech();
  const { span, stream } = payload;
  const events = useMemo(() => ownEvents(payload.events, stream !== null), [payload.events, stream]);
  const onStrip = useMemo(() => stripEvents(events.map(readEvent), span.startNs), [events, span.startNs]);
  if (!stream && events.length === 0 && !span.error) return <p className={styles.empty}>{t.noEvents}</p>;
  const hasStrip = (stream?.chunks.length ?? 0) > 0;
  return (
    <ScrollPane>
      {payload.cutMembers.some((member) => member === "stream" || member === "events") && <CutNote onSeeAll={onSeeAll} />}
      {stream && <StreamView stream={stream} span={span} events={onStrip} chunk={chunk} onChunk={onChunk} />}
      {!hasStrip && events.length > 1 && (
        <div className={styles.stream}>
          <StripChart arrived={NO_CHUNKS} events={onStrip} firstTokenNs={null} lengthNs={Math.max(span.durationNs, 1)} />
        </div>
      )}
      {(events.length > 0 || span.error) && <EventList events={events} span={span} />}
    </ScrollPane>
  );
}
