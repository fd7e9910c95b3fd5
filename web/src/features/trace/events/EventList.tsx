// Attempts, exceptions and a program's own events, with the time since the span began.
import { IconAlertTriangle, IconPointFilled, IconRefresh, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { cx } from "@/lib/cx";
import { formatDuration, formatExact } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson } from "@/lib/json";
import { readEvent, type ReadEvent, type Rest, type SpanEvent } from "@/model/spanEvents";
import type { Span } from "@/model/trace";
import styles from "./Events.module.css";

export function EventList({ events, span }: { events: readonly SpanEvent[]; span: Span }) {
  const { t } = useSpeech();
  const read = events.map(readEvent);
  const hasException = read.some(({ kind }) => kind === "exception");
  return (
    <section className={styles.events} aria-label={t.otherEvents}>
      <ol>
        {read.map((event, i) => (
          <li key={i} className={styles.event}>
            <time className={styles.offset} data-tip={formatExact(event.event.timeNs)}>
              {formatDuration(Number(event.event.timeNs - span.startNs))}
            </time>
            <OneEvent read={event} />
          </li>
        ))}
      </ol>
      {span.error && !hasException && <ErrorNote error={span.error} />}
    </section>
  );
}

function OneEvent({ read }: { read: ReadEvent }) {
  const { t } = useSpeech();
  if (read.kind === "exception") {
    return (
      <div className={styles.what}>
        <ErrorNote error={{ type: read.type, message: read.message }} />
        {read.stack !== null && (
          <Fold label={t.stackTrace}>
            <pre className={styles.stack}>{read.stack}</pre>
          </Fold>
        )}
        <Details rest={read.rest} />
      </div>
    );
  }
  if (read.kind === "attempt") {
    const isRefused = read.code !== null || Number(read.status) >= 400;
    return (
      <Said sign={isRefused ? <IconAlertTriangle size={14} stroke={1.8} /> : <IconRefresh size={14} stroke={1.8} />} isAmber={isRefused} rest={read.rest}>
        {t.attempt(read.number)}
        {read.status !== null && <span> · {read.status}</span>}
        {read.code !== null && <b> · {read.code}</b>}
      </Said>
    );
  }
  const isBad = read.event.name.toLowerCase().includes("error");
  return (
    <Said sign={isBad ? <IconX size={14} stroke={1.8} /> : <IconPointFilled size={12} />} rest={read.rest}>
      {read.event.name}
    </Said>
  );
}

function Said({ sign, isAmber = false, rest, children }: { sign: ReactNode; isAmber?: boolean; rest: Rest; children: ReactNode }) {
  return (
    <div className={styles.what}>
      <div className={cx(styles.said, isAmber && styles.amber)}>
        <span className={styles.sign} aria-hidden>{sign}</span>
        <span>{children}</span>
      </div>
      <Details rest={rest} />
    </div>
  );
}

function Details({ rest }: { rest: Rest }) {
  if (rest.length === 0) return null;
  return (
    <ul className={styles.details}>
      {rest.map(([key, value]) => (
        <li key={key}>
          {key} <code>{typeof value === "string" ? value : inlineJson(value, 300)}</code>
        </li>
      ))}
    </ul>
  );
}
