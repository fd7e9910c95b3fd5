// Events: the stream as it came, and what else happened within the span, in time order.
import { useMemo } from "react";
import type { SpanPayload } from "@/api/read";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { ownEvents } from "@/model/spanEvents";
import { EventList } from "./EventList";
import styles from "./Events.module.css";
import { StreamView } from "./StreamView";

interface Props {
  payload: SpanPayload;
  chunk: number | undefined;
  onChunk: (index: number) => void;
}

export function EventsTab({ payload, chunk, onChunk }: Props) {
  const { t } = useSpeech();
  const { span, stream } = payload;
  const events = useMemo(() => ownEvents(payload.events, stream !== null), [payload.events, stream]);
  if (!stream && events.length === 0 && !span.error) return <p className={styles.empty}>{t.noEvents}</p>;
  return (
    <ScrollPane>
      {(events.length > 0 || span.error) && <EventList events={events} span={span} />}
      {stream && <StreamView stream={stream} span={span} chunk={chunk} onChunk={onChunk} />}
    </ScrollPane>
  );
}
