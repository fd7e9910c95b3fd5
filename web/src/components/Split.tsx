// Two panes and a line between them that can be dragged or moved by keys; where it stands is remembered.
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { keepChoice, readChoice } from "@/lib/storage";
import styles from "./Split.module.css";

interface Props {
  name: string;
  label: string;
  left: ReactNode;
  right: ReactNode;
}

const LEAST = 22;
const MOST = 72;
const AT_FIRST = 42;

const within = (percent: number): number => Math.min(Math.max(percent, LEAST), MOST);

export function Split({ name, label, left, right }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(() => within(Number(readChoice(`split.${name}`)) || AT_FIRST));
  const move = (percent: number) => {
    const next = within(percent);
    setShare(next);
    keepChoice(`split.${name}`, next.toFixed(1));
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const rect = box.current?.getBoundingClientRect();
    if (rect && event.currentTarget.hasPointerCapture(event.pointerId)) move(((event.clientX - rect.left) / rect.width) * 100);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? -2 : event.key === "ArrowRight" ? 2 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    move(share + step);
  };
  return (
    <div ref={box} className={styles.split} style={{ gridTemplateColumns: `${share}% 1px minmax(0, 1fr)` }}>
      <div className={styles.pane}>{left}</div>
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={label}
        aria-valuenow={Math.round(share)}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        className={styles.line}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={drag}
        onKeyDown={key}
        onDoubleClick={() => move(AT_FIRST)}
      />
      <div className={styles.pane}>{right}</div>
    </div>
  );
}
