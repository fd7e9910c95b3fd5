// Behind the columns' button: shown or not, in which order, and rows of one line or two.
import { Popover } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import { cloneElement, useRef, type ComponentProps, type KeyboardEvent, type ReactElement } from "react";
import { useOpening } from "@/components/useOpening";
import { useSpeech } from "@/lib/i18n/language";
import { COLUMNS, isFixed, isSameLayout, isShown, movedColumn, toggledColumn, USUAL_LAYOUT, type Column, type Layout } from "@/model/columns";
import styles from "./ColumnsMenu.module.css";
import { useDraggedColumns } from "./useDraggedColumns";

interface Props {
  layout: Layout;
  onLayout: (layout: Layout) => void;
}

interface PopoverProps extends Props {
  button: ReactElement<ComponentProps<"button">>;
}

export default function ColumnsPopover({ layout, onLayout, button }: PopoverProps) {
  const { t } = useSpeech();
  const target = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useOpening(target);
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" width={280} trapFocus returnFocus transitionProps={{ duration: 80 }}>
      <Popover.Target>{cloneElement(button, { ref: target, onClick: () => setIsOpen(!isOpen) })}</Popover.Target>
      <Popover.Dropdown className={styles.menu} aria-label={t.columns}>
        <ShownColumns layout={layout} onLayout={onLayout} />
        <ul className={styles.hidden} aria-label={t.hiddenColumns}>
          {COLUMNS.filter((id) => !isShown(layout, id)).map((id) => (
            <li key={id} className={styles.item}>
              <Tick id={id} layout={layout} onLayout={onLayout} />
            </li>
          ))}
        </ul>
        <div className={styles.foot}>
          <label className={styles.tick}>
            <input type="checkbox" checked={layout.isCompact} onChange={(event) => onLayout({ ...layout, isCompact: event.target.checked })} />
            {t.compactRows}
          </label>
          <button type="button" className={styles.restore} disabled={isSameLayout(layout, USUAL_LAYOUT)} onClick={() => onLayout(USUAL_LAYOUT)}>
            {t.restoreColumns}
          </button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function ShownColumns({ layout, onLayout }: Props) {
  const { t } = useSpeech();
  const drag = useDraggedColumns(layout, onLayout);
  const press = (id: Column, place: number) => (event: KeyboardEvent<HTMLElement>) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const handle = event.currentTarget;
    onLayout(movedColumn(layout, id, place + by));
    // The row moves and with it its handle: the focus goes along.
    requestAnimationFrame(() => handle.focus());
  };
  return (
    <ul className={styles.shown} aria-label={t.shownColumns}>
      {layout.columns.map(({ id }, place) => (
        <li key={id} className={styles.item} {...drag.of(id, place)}>
          <Tick id={id} layout={layout} onLayout={onLayout} />
          <button type="button" className={styles.handle} aria-label={t.moveColumn(t.columnNames[id])} data-tip={t.moveColumnHover} onKeyDown={press(id, place)}>
            <IconGripVertical size={15} stroke={1.6} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Tick({ id, layout, onLayout }: Props & { id: Column }) {
  const { t } = useSpeech();
  const toggle = (box: HTMLElement) => {
    const menu = box.closest(`.${styles.menu ?? ""}`);
    onLayout(toggledColumn(layout, id));
    // The column goes to the other list and with it its box: the focus goes along.
    requestAnimationFrame(() => menu?.querySelector<HTMLElement>(`[data-tick=${id}]`)?.focus());
  };
  return (
    <label className={styles.tick}>
      <input type="checkbox" data-tick={id} checked={isShown(layout, id)} disabled={isFixed(id)} onChange={(event) => toggle(event.currentTarget)} />
      {t.columnNames[id]}
    </label>
  );
}
