// One more to compare: a pasted id or address, or one of the newest traces of the same name.
import { useQuery } from "@tanstack/react-query";
import { IconChevronDown, IconPlus } from "@tabler/icons-react";
import { useState, type SubmitEvent } from "react";
import { topQuery, traceQuery } from "@/api/queries";
import { MenuButton } from "@/components/MenuButton";
import { formatClock, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { MOST_COMPARED, type CompareItem } from "@/model/compareItems";
import { quote } from "@/model/filterFields";
import { traceIdIn } from "@/model/palette";
import styles from "./Compare.module.css";

const OFFERED = 12;

export function AddItem({ items, onAdd }: { items: readonly CompareItem[]; onAdd: (item: CompareItem) => void }) {
  const { t } = useSpeech();
  const [text, setText] = useState("");
  const id = traceIdIn(text);
  const isFull = items.length >= MOST_COMPARED;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (id === null || isFull) return;
    const spanId = /[?&]span=([0-9a-f]{16})/i.exec(text)?.[1] ?? null;
    onAdd({ traceId: id, spanId });
    setText("");
  };
  return (
    <div className={styles.adding}>
      <form onSubmit={submit} className={styles.add}>
        <input
          aria-label={t.addById}
          placeholder={t.addById}
          value={text}
          disabled={isFull}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={text.trim() !== "" && id === null}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" aria-label={t.addToCompare} data-tip={t.addToCompare} disabled={id === null || isFull}>
          <IconPlus size={15} stroke={1.8} aria-hidden />
        </button>
      </form>
      {items[0] && !isFull && <SameName items={items} first={items[0]} onAdd={onAdd} />}
    </div>
  );
}

function SameName({ items, first, onAdd }: { items: readonly CompareItem[]; first: CompareItem; onAdd: (item: CompareItem) => void }) {
  const { t } = useSpeech();
  const { data: trace } = useQuery(traceQuery(first.traceId));
  const name = trace?.row.name;
  const ask = { experiment: undefined, filter: `name = ${quote(name ?? "")}`, sinceMs: null, untilMs: null, order: undefined };
  const { data: rows } = useQuery({ ...topQuery(ask, OFFERED + MOST_COMPARED), enabled: name !== undefined });
  const known = new Set(items.map(({ traceId }) => traceId));
  const offered = (rows ?? []).filter(({ id }) => !known.has(id)).slice(0, OFFERED);
  if (offered.length === 0) return null;
  return (
    <MenuButton
      position="bottom-start"
      width={360}
      button={
        <button type="button" className={styles.same}>
          {t.ofSameName}
          <IconChevronDown size={13} stroke={1.8} aria-hidden />
        </button>
      }
      entries={offered.map((row) => ({
        kind: "item",
        key: row.id,
        onClick: () => onAdd({ traceId: row.id, spanId: null }),
        label: (
          <span className={styles.offer}>
            <span>{formatClock(row.startNs)}</span>
            <span className={styles.asked}>{row.asked ?? row.error?.type ?? row.name}</span>
            <span>{formatDuration(row.durationNs)}</span>
          </span>
        ),
      }))}
    />
  );
}
