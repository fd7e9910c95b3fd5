// A question that has to be answered before one goes on: a form in a window of its own.
import type { ReactNode, SubmitEvent } from "react";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Dialog.module.css";
import { Window } from "./Window";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** What the button says that does it. */
  action: string;
  isDanger?: boolean;
  isBusy?: boolean;
  isReady?: boolean;
  error?: Error | null;
  onDo: () => void;
  children: ReactNode;
}

export function Dialog({ title, isOpen, onClose, action, isDanger = false, isBusy = false, isReady = true, error = null, onDo, children }: Props) {
  const { t } = useSpeech();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isReady && !isBusy) onDo();
  };
  return (
    <Window title={title} isOpen={isOpen} onClose={onClose} size={440}>
      <form className={styles.form} onSubmit={submit}>
        {children}
        {error && (
          <p className={styles.fault} role="alert">
            {error.message || t.noAnswer}
          </p>
        )}
        <div className={styles.actions}>
          <button type="button" className={styles.plain} onClick={onClose}>
            {t.cancel}
          </button>
          <button type="submit" className={isDanger ? styles.danger : styles.primary} disabled={!isReady || isBusy}>
            {action}
          </button>
        </div>
      </form>
    </Window>
  );
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  children: ReactNode;
}

/** A field with its name above and what it means below. */
export function Field({ label, hint, children }: FieldProps) {
  return (
    <label className={styles.field}>
      <span className={styles.label}>{label}</span>
      {children}
      {hint !== undefined && <span className={styles.hint}>{hint}</span>}
    </label>
  );
}
