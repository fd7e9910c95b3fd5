// One trace of the list: a box that chooses it, and a cell for each column.
import { memo, type MouseEvent } from "react";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import { isRight, type Column } from "@/model/columns";
import { spanLabel } from "@/model/modelName";
import type { TraceRow as Row } from "@/model/trace";
import { CELLS, type CellProps } from "./cells";
import styles from "./TraceTable.module.css";

interface Props extends CellProps {
  index: number;
  columns: readonly Column[];
  /** The list stands here. */
  isAt: boolean;
  isChosen: boolean;
  onOpen: (row: Row) => void;
  onChoose: (id: string, isRange: boolean) => void;
}

export const TraceRow = memo(function TraceRow({ index, columns, isAt, isChosen, onOpen, onChoose, ...cell }: Props) {
  const { t } = useSpeech();
  const { row } = cell;
  const click = (event: MouseEvent) => {
    const isLink = event.target instanceof Element && event.target.closest("a") !== null;
    // Another tab is the link's own business; so is a selection of text that ends here.
    if (event.metaKey || event.ctrlKey || (isLink && event.shiftKey)) return;
    if (event.shiftKey) {
      window.getSelection()?.removeAllRanges();
      onChoose(row.id, true);
      return;
    }
    if (window.getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    onOpen(row);
  };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      aria-current={isAt || undefined}
      data-compact={cell.isCompact || undefined}
      className={styles.row}
      onClick={click}
    >
      <div role="gridcell" className={styles.box}>
        <label onClick={(event) => event.stopPropagation()}>
          <input
            type="checkbox"
            tabIndex={-1}
            checked={isChosen}
            aria-label={t.chooseTrace(spanLabel(row.name, row.models[0] ?? null))}
            onChange={() => undefined}
            onClick={(event) => onChoose(row.id, event.shiftKey)}
          />
        </label>
      </div>
      {columns.map((id) => {
        const Cell = CELLS[id];
        return (
          <div key={id} role="gridcell" data-column={id} className={cx(styles.cell, isRight(id) && styles.number)}>
            <Cell {...cell} />
          </div>
        );
      })}
    </div>
  );
});
