// What a model thought before it answered: folded, or said to be encrypted.
import { IconBulb, IconLock } from "@tabler/icons-react";
import { Fold } from "@/components/Fold";
import { Markdown } from "@/components/Markdown";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Chat.module.css";

const GLIMPSE = 90;

export function Reasoning({ text, isRedacted }: { text: string | null; isRedacted: boolean }) {
  const { t } = useSpeech();
  if (text === null || text === "") {
    return (
      <p className={styles.redacted} data-tip={isRedacted ? t.redactedHover : undefined}>
        <IconLock size={14} stroke={1.7} aria-hidden /> {isRedacted ? t.redactedReasoning : t.reasoning}
      </p>
    );
  }
  const line = text.slice(0, GLIMPSE * 2).trim().replace(/\s+/g, " ");
  const glimpse = line.length > GLIMPSE || text.length > GLIMPSE * 2 ? `${line.slice(0, GLIMPSE)}…` : line;
  return (
    <Fold
      label={
        <span className={styles.reasoningLabel}>
          <IconBulb size={14} stroke={1.7} aria-hidden /> {t.reasoning} <span className={styles.glimpse}>{glimpse}</span>
        </span>
      }
    >
      <div className={styles.reasoning}>
        <Markdown text={text} />
      </div>
    </Fold>
  );
}
