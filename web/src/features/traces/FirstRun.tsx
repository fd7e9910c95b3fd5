// Before the first trace: the three lines to paste, and live waiting. The list looks for traces meanwhile.
import { useState } from "react";
import { CopyButton } from "@/components/CopyButton";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import styles from "./FirstRun.module.css";

const CHECK_AFTER_S = 10;

export function FirstRun({ experiment }: { experiment: string | undefined }) {
  const { t } = useSpeech();
  const [since] = useState(() => Date.now());
  const seconds = Math.max(0, Math.floor((useNow(1000) - since) / 1000));
  const { origin } = window.location;
  const lines = ["import outcrop", "outcrop.bedrock.autolog()", `outcrop.set_tracking_uri("${origin}")`];
  if (experiment !== undefined) lines.push(`outcrop.set_experiment(${JSON.stringify(experiment)})`);
  return (
    <section className={styles.page}>
      <h1 className={styles.title}>{t.firstRunTitle}</h1>
      <p className={styles.lead}>{experiment === undefined ? t.firstRunLead : `${t.noTracesHere} ${t.firstRunLead}`}</p>
      <div className={styles.code}>
        <pre>
          <code>{lines.join("\n")}</code>
        </pre>
        <CopyButton text={`${lines.join("\n")}\n`} className={styles.copy} />
      </div>
      <p className={styles.waiting} role="timer" aria-live="off">
        <span className={styles.dot} data-odd={seconds % 2 === 1 || undefined} aria-hidden />
        {t.firstRunWaiting(seconds)}
      </p>
      {seconds >= CHECK_AFTER_S && (
        <div className={styles.checks}>
          <h2>{t.firstRunCheck}</h2>
          <ul>
            {t.firstRunChecks(origin).map((check) => (
              <li key={check}>{check}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
