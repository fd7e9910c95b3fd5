// A line of the document: who speaks, in a narrow column, and what is said.
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import type { Dictionary } from "@/lib/i18n/dictionary";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Chat.module.css";

interface Props {
  role: string;
  /** The role is already a word of the page's language. */
  isPlainRole?: boolean;
  isAnswer?: boolean;
  /** Small matter around the conversation: less space. */
  isAside?: boolean;
  children: ReactNode;
}

const words = (t: Dictionary): Readonly<Record<string, string>> => ({
  user: t.roleUser,
  assistant: t.roleAssistant,
  tool: t.roleTool,
  system: t.system,
});

export function Line({ role, isPlainRole = false, isAnswer = false, isAside = false, children }: Props) {
  const { t } = useSpeech();
  return (
    <div className={cx(styles.line, isAnswer && styles.answer, isAside && styles.aside)} data-role={role}>
      <div className={styles.role}>{isPlainRole ? role : (words(t)[role] ?? role)}</div>
      <div className={styles.body}>{children}</div>
    </div>
  );
}
