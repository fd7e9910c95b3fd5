// The chunks one by one, as many as there are: when, how long after the one before, what.
import { useState } from "react";
import { JsonTree } from "@/components/JsonTree";
import { VirtualRows } from "@/components/VirtualRows";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson } from "@/lib/json";
import type { ChunkRow } from "@/model/stream";
import styles from "./Events.module.css";

interface Props {
  rows: readonly ChunkRow[];
  /** How many had come at the moment that is shown. */
  shown: number;
  chunk: number | undefined;
  onChunk: (index: number) => void;
}

export function ChunkTable({ rows, shown, chunk, onChunk }: Props) {
  const { t } = useSpeech();
  const [open, setOpen] = useState<number | null>(null);
  return (
    <div role="table" aria-label={t.chunks(String(rows.length))} aria-rowcount={rows.length + 1}>
      <div role="row" className={styles.chunkHead}>
        <span role="columnheader">#</span>
        <span role="columnheader">{t.sinceFirst}</span>
        <span role="columnheader">{t.sinceStart}</span>
        <span role="columnheader">{t.gap}</span>
        <span role="columnheader">{t.type}</span>
        <span role="columnheader">{t.content}</span>
      </div>
      <VirtualRows
        role="rowgroup"
        count={rows.length}
        height={28}
        isMeasured
        reveal={chunk}
        render={(i) => {
          const row = rows[i];
          return row && (
            <OneChunk
              row={row}
              isYet={i >= shown}
              isChosen={row.chunk.index === chunk}
              isOpen={row.chunk.index === open}
              onClick={() => {
                onChunk(row.chunk.index);
                setOpen(row.chunk.index === open ? null : row.chunk.index);
              }}
            />
          );
        }}
      />
    </div>
  );
}

function OneChunk({ row, isYet, isChosen, isOpen, onClick }: { row: ChunkRow; isYet: boolean; isChosen: boolean; isOpen: boolean; onClick: () => void }) {
  const { chunk, gapNs, isStall, sinceFirstNs } = row;
  return (
    <>
      <div role="row" aria-rowindex={chunk.index + 2} className={cx(styles.chunk, isChosen && styles.chosen, isYet && styles.notYet)} onClick={onClick}>
        <span role="cell" className={styles.index}>{chunk.index}</span>
        <span role="cell">{formatDuration(sinceFirstNs)}</span>
        <span role="cell">{formatDuration(chunk.offsetNs)}</span>
        <span role="cell" className={cx(isStall && styles.amber)}>{gapNs === null ? "" : `+${formatDuration(gapNs)}`}</span>
        <span role="cell" className={cx(styles.type, chunk.type.endsWith("Exception") && styles.red)}>{chunk.type}</span>
        <span role="cell" className={cx(styles.content, chunk.kind !== "text" && styles.quiet)}>
          <button type="button" aria-expanded={isOpen}>{chunk.text ?? inlineJson(chunk.data, 160)}</button>
        </span>
      </div>
      {isOpen && (
        <div role="row" className={styles.data}>
          <div role="cell">
            <JsonTree value={chunk.data} />
          </div>
        </div>
      )}
    </>
  );
}
