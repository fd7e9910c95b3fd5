// A part of the settings: its title, what it is about, and what stands there.
import { useId, type ReactNode } from "react";
import styles from "./Settings.module.css";

interface Props {
  title: string;
  lead?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

export function Section({ title, lead, aside, children }: Props) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.top}>
        <h2 id={id} className={styles.name}>{title}</h2>
        {aside}
      </div>
      {lead !== undefined && <p className={styles.lead}>{lead}</p>}
      {children}
    </section>
  );
}
