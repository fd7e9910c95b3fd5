// The system prompt: as it is when short, folded behind its first words when long.
import { Fold } from "@/components/Fold";
import { useSpeech } from "@/lib/i18n/language";
import type { Item } from "@/model/conversation";
import styles from "./Chat.module.css";
import { Items } from "./Items";
import { Line } from "./Line";

const SHORT = 160;

export function SystemPrompt({ items }: { items: readonly Item[] }) {
  const { t } = useSpeech();
  const text = items.map((item) => (item.kind === "text" ? item.text : "")).join(" ").trim();
  const isShort = text.length <= SHORT && items.every(({ kind }) => kind === "text" || kind === "cachePoint");
  return (
    <Line role={t.system} isPlainRole isAside>
      {isShort ? (
        <div className={styles.quiet}>
          <Items items={items} />
        </div>
      ) : (
        <Fold label={<span className={styles.glimpse}>{text.slice(0, SHORT).replace(/\s+/g, " ")}…</span>}>
          <div className={styles.unfolded}>
            <Items items={items} />
          </div>
        </Fold>
      )}
    </Line>
  );
}
