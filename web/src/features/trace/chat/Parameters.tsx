// Inference parameters as they were given, on one line.
import { useSpeech } from "@/lib/i18n/language";
import { inlineJson } from "@/lib/json";
import styles from "./Chat.module.css";
import { Line } from "./Line";

export function Parameters({ parameters }: { parameters: Readonly<Record<string, unknown>> }) {
  const { t } = useSpeech();
  return (
    <Line role={t.parameters} isPlainRole isAside>
      <ul className={styles.parameters}>
        {Object.entries(parameters).map(([name, value]) => (
          <li key={name}>
            <span>{name}</span> <code>{inlineJson(value, 200)}</code>
          </li>
        ))}
      </ul>
    </Line>
  );
}
