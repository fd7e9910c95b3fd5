// A button that is an icon; its name is said by the hover text and by screen readers.
import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/lib/cx";
import styles from "./IconButton.module.css";

interface Props extends Omit<ComponentProps<"button">, "aria-label"> {
  label: string;
  children: ReactNode;
}

export function IconButton({ label, className, children, ...rest }: Props) {
  return (
    <button type="button" aria-label={label} data-tip={label} className={cx(styles.button, className)} {...rest}>
      {children}
    </button>
  );
}
