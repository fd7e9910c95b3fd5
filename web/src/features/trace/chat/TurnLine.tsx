// One turn of the conversation, with the reason why it ended if it is an answer.
import { useSpeech } from "@/lib/i18n/language";
import type { Turn } from "@/model/conversation";
import styles from "./Chat.module.css";
import { Items } from "./Items";
import { Line } from "./Line";

const CUT_SHORT = new Set(["max_tokens", "length", "model_context_window_exceeded", "MAX_TOKENS", "LENGTH"]);

export function TurnLine({ turn, isAnswer = false }: { turn: Turn; isAnswer?: boolean }) {
  const { t } = useSpeech();
  const { finishReason } = turn;
  const isCut = finishReason !== null && CUT_SHORT.has(finishReason);
  return (
    <Line role={turn.role} isAnswer={isAnswer}>
      <Items items={turn.items} />
      {isAnswer && turn.items.length === 0 && <p className={styles.faint}>{t.noOutput}</p>}
      {finishReason !== null && (
        <p className={isCut ? styles.cut : styles.finish}>
          {t.finish} <code>{finishReason}</code>
          {isCut && ` ${t.truncated}`}
        </p>
      )}
    </Line>
  );
}
