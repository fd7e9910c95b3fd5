// Waiting: nothing for 150 ms, then rows in the shape of what will come.
import { useEffect, useState, type ReactNode } from "react";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Skeleton.module.css";

const DELAY_MS = 150;

export function Delayed({ children }: { children: ReactNode }) {
  const [isDue, setIsDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsDue(true), DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  return isDue ? children : null;
}

/** `widths` are the columns' lengths in percent; rows fade out downwards. */
export function SkeletonRows({ count, height, widths }: { count: number; height: number; widths: readonly number[] }) {
  const { t } = useSpeech();
  return (
    <Delayed>
      <div role="status" aria-label={t.loading}>
        {Array.from({ length: count }, (_, row) => (
          <div key={row} className={styles.row} style={{ height, opacity: 1 - row / count }}>
            {widths.map((width, column) => (
              // Lengths vary a little by row, the same way each time.
              <span key={column} className={styles.bar} style={{ width: `${width * (0.7 + ((row * 7 + column * 3) % 5) * 0.07)}%` }} />
            ))}
          </div>
        ))}
      </div>
    </Delayed>
  );
}
