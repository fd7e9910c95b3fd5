// Inputs or outputs: as they came with the span, or whole from a worker if they were cut.
import { useEffect, useMemo, useRef, useState } from "react";
import { loadPayload, type PayloadLoad } from "@/api/payloadDesk";
import { Failure } from "@/components/Failure";
import { JsonDocument } from "@/components/JsonDocument";
import { formatBytes } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { localDesk } from "@/model/jsonDesk";
import type { PayloadPart } from "@/model/payloadParts";
import styles from "./Payload.module.css";

interface Props {
  title: string;
  root: string;
  value: unknown;
  isCut: boolean;
  /** What holds all of it. */
  part: PayloadPart | null;
}

export function Member({ title, root, value, isCut, part }: Props) {
  const own = useMemo(() => (value === null || value === undefined ? null : localDesk(value)), [value]);
  const whole = useWhole(part);
  const desk = whole.load?.kind === "ready" ? whole.load.desk : own;
  return <JsonDocument key={part?.path} title={title} root={root} desk={desk} note={isCut && <Note part={part} {...whole} />} />;
}

interface Whole {
  load: PayloadLoad | null;
  start: () => void;
  stop: () => void;
}

/** What was loaded is freed when something else is shown. */
function useWhole(part: PayloadPart | null): Whole {
  const [state, setState] = useState<{ path: string | undefined; load: PayloadLoad | null }>({ path: undefined, load: null });
  const end = useRef<(() => void) | null>(null);
  const path = part?.path;
  useEffect(() => () => {
    end.current?.();
    end.current = null;
  }, [path]);
  const show = (load: PayloadLoad | null) => setState({ path, load });
  const stop = () => {
    end.current?.();
    end.current = null;
    show(null);
  };
  const start = () => {
    if (!part) return;
    end.current?.();
    show({ kind: "loading", done: 0 });
    end.current = loadPayload(part.path, part.sizeBytes, show);
  };
  return { load: state.path === path ? state.load : null, start, stop };
}

function Note({ part, load, start, stop }: Whole & { part: PayloadPart | null }) {
  const { t } = useSpeech();
  if (!part) return <p className={styles.cut}>{t.shownInPart} {t.noPartOfIt}</p>;
  const size = formatBytes(part.sizeBytes);
  if (load?.kind === "failed") return <Failure what={t.whatPayload} error={load.error} onRetry={start} />;
  if (load?.kind === "ready") return <p className={styles.whole}>{part.isDerived ? t.shownWholeDerived(size) : t.shownWhole(size)}</p>;
  if (load?.kind === "loading") {
    const isRead = load.done >= part.sizeBytes;
    return (
      <p className={styles.cut}>
        <progress className={styles.progress} max={part.sizeBytes} value={load.done} aria-label={t.loading} />
        <span role="status">{isRead ? `${t.parsing}…` : t.loadingWhole(formatBytes(load.done), size)}</span>
        <button type="button" className={styles.act} onClick={stop}>{t.stopLoading}</button>
      </p>
    );
  }
  return (
    <p className={styles.cut}>
      {t.shownInPart}
      <button type="button" className={styles.act} onClick={start}>{t.loadWhole(size)}</button>
    </p>
  );
}
