// Something that unfolds: a line with a chevron, and what it hides. Hidden content is not rendered.
import { IconChevronRight } from "@tabler/icons-react";
import { useId, useState, type ReactNode } from "react";
import { cx } from "@/lib/cx";
import styles from "./Fold.module.css";

interface Props {
  label: ReactNode;
  /** Beside the label, outside of the button: links and the like. */
  aside?: ReactNode;
  isOpenAtFirst?: boolean;
  children: ReactNode;
  className?: string | undefined;
}

export function Fold({ label, aside, isOpenAtFirst = false, children, className }: Props) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const id = useId();
  return (
    <div className={className}>
      <div className={styles.line}>
        <button type="button" className={styles.button} aria-expanded={isOpen} aria-controls={id} onClick={() => setIsOpen(!isOpen)}>
          <IconChevronRight size={14} stroke={1.8} className={cx(styles.chevron, isOpen && styles.open)} aria-hidden />
          <span className={styles.label}>{label}</span>
        </button>
        {aside}
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen && children}
      </div>
    </div>
  );
}
