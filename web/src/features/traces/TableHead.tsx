// The names of the columns: those by which the server can order are buttons, all can be dragged and made wider.
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import type { ListSearch, OrderField } from "@/model/address";
import { isRight, LEAST_WIDTH, MOST_WIDTH, sizedColumn, widthOf, type Column, type Layout } from "@/model/columns";
import styles from "./TableHead.module.css";
import { useDraggedColumns } from "./useDraggedColumns";

type Order = ListSearch["order"];

const ORDERED: Partial<Record<Column, OrderField>> = {
  time: "timestamp",
  name: "name",
  status: "status",
  latency: "execution_time",
  tokens: "total_tokens",
  cost: "cost",
};

interface Props {
  layout: Layout;
  onLayout: (layout: Layout) => void;
  order: Order;
  onOrder: (order: Order) => void;
  /** How many of the rows that are loaded are chosen. */
  chosen: "none" | "some" | "all";
  onChooseAll: (isOn: boolean) => void;
}

export function TableHead({ layout, onLayout, order, onOrder, chosen, onChooseAll }: Props) {
  const { t } = useSpeech();
  const drag = useDraggedColumns(layout, onLayout);
  return (
    <div role="row" className={styles.head}>
      <span role="columnheader" className={styles.box}>
        <label>
          <input
            ref={(box) => {
              if (box) box.indeterminate = chosen === "some";
            }}
            type="checkbox"
            checked={chosen === "all"}
            aria-label={t.chooseAll}
            onChange={(event) => onChooseAll(event.target.checked)}
          />
        </label>
      </span>
      {layout.columns.map((column, place) => {
        const { id } = column;
        const name = t.columnNames[id];
        const field = ORDERED[id];
        // Without an order of its own the list is newest first.
        const [by, direction] = (order ?? "timestamp DESC").split(" ");
        const isOwn = field !== undefined && by === field;
        return (
          <span
            key={id}
            role="columnheader"
            data-column={id}
            aria-sort={field === undefined ? undefined : isOwn ? (direction === "ASC" ? "ascending" : "descending") : "none"}
            className={cx(styles.column, isRight(id) && styles.right)}
            {...drag.of(id, place)}
          >
            {field === undefined ? <span className={styles.name}>{name}</span> : (
              <Sorter name={name} isOwn={isOwn} direction={direction} onOrder={() => onOrder(nextOrder(field, isOwn, direction))} />
            )}
            <Edge name={name} width={widthOf(column)} onSize={(width) => onLayout(sizedColumn(layout, id, width))} />
          </span>
        );
      })}
    </div>
  );
}

function nextOrder(field: OrderField, isOwn: boolean, direction: string | undefined): Order {
  // Figures are wanted from the largest down, names from A.
  const isText = field === "name" || field === "status";
  const [first, second] = isText ? (["ASC", "DESC"] as const) : (["DESC", "ASC"] as const);
  if (!isOwn) return field === "timestamp" ? undefined : `${field} ${first}`;
  return direction === first ? `${field} ${second}` : undefined;
}

interface SorterProps {
  name: string;
  isOwn: boolean;
  direction: string | undefined;
  onOrder: () => void;
}

function Sorter({ name, isOwn, direction, onOrder }: SorterProps) {
  const { t } = useSpeech();
  const Arrow = direction === "ASC" ? IconArrowUp : IconArrowDown;
  return (
    <button type="button" className={styles.sort} data-tip={t.orderBy(name)} onClick={onOrder}>
      <span className={styles.name}>{name}</span>
      {isOwn && <Arrow size={12} stroke={2} aria-hidden />}
    </button>
  );
}

const STEP = 16;

/** The right edge of a column: dragged, or moved by the arrow keys, it makes it wider; twice clicked, as it was. */
function Edge({ name, width, onSize }: { name: string; width: number; onSize: (width: number | null) => void }) {
  const { t } = useSpeech();
  const begin = useRef<{ x: number; width: number } | null>(null);
  const measured = (edge: HTMLElement): number => edge.parentElement?.getBoundingClientRect().width ?? 0;
  return (
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={t.columnWidth(name)}
      aria-valuenow={width}
      aria-valuemin={LEAST_WIDTH}
      aria-valuemax={MOST_WIDTH}
      tabIndex={0}
      className={styles.edge}
      data-tip={t.columnWidth(name)}
      // The column is not dragged by its edge.
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event: PointerEvent<HTMLElement>) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        begin.current = { x: event.clientX, width: measured(event.currentTarget) };
      }}
      onPointerMove={(event) => {
        if (begin.current) onSize(begin.current.width + event.clientX - begin.current.x);
      }}
      onPointerUp={() => (begin.current = null)}
      onPointerCancel={() => (begin.current = null)}
      onDoubleClick={() => onSize(null)}
      onKeyDown={(event: KeyboardEvent<HTMLElement>) => {
        const by = event.key === "ArrowLeft" ? -STEP : event.key === "ArrowRight" ? STEP : 0;
        if (by === 0) return;
        event.preventDefault();
        event.stopPropagation();
        onSize(measured(event.currentTarget) + by);
      }}
    />
  );
}
