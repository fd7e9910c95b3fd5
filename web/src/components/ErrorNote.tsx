// An error of a span: its type and its message, in red, with a sign beside the colour.
import { IconX } from "@tabler/icons-react";
import type { Failure } from "@/model/trace";
import styles from "./ErrorNote.module.css";

export function ErrorNote({ error }: { error: Failure }) {
  return (
    <div className={styles.note} role="alert">
      <IconX size={15} stroke={2.2} className={styles.sign} aria-hidden />
      <div>
        <div className={styles.type}>{error.type}</div>
        {error.message && <div className={styles.message}>{error.message}</div>}
      </div>
    </div>
  );
}
