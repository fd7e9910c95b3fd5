// Facts in a line that wraps, with points between them; none hangs at the end or the beginning of a line.
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import styles from "./Facts.module.css";

export function Facts({ className, children }: { className?: string | undefined; children: ReactNode }) {
  return (
    <div className={cx(styles.facts, className)}>
      <div className={styles.line}>{children}</div>
    </div>
  );
}

export function Fact({ label, children }: { label?: string | undefined; children: ReactNode }) {
  return (
    <span className={styles.fact}>
      {label !== undefined && <span className={styles.label}>{label}</span>}
      {children}
    </span>
  );
}
