// Before the first trace: the three lines to paste, and live waiting. The list looks for traces meanwhile.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { experimentsQuery, sessionQuery } from "@/api/queries";
import { CopyButton } from "@/components/CopyButton";
import { Fold } from "@/components/Fold";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import styles from "./FirstRun.module.css";

const CHECK_AFTER_S = 20;

// A cheap model that most accounts may use.
const CALL = `
import boto3

client = boto3.client("bedrock-runtime", region_name="us-east-1")
answer = client.converse(
    modelId="amazon.nova-lite-v1:0",
    messages=[{"role": "user", "content": [{"text": "Hello!"}]}],
)
print(answer["output"]["message"]["content"][0]["text"])`;

export function FirstRun({ experiment }: { experiment: string | undefined }) {
  const { t } = useSpeech();
  const [since] = useState(() => Date.now());
  const { data: session } = useQuery(sessionQuery);
  const seconds = Math.max(0, Math.floor((useNow(1000) - since) / 1000));
  const { origin } = window.location;
  const lines = ["import outcrop", "outcrop.bedrock.autolog()", `outcrop.set_tracking_uri("${origin}")`];
  if (experiment !== undefined) lines.push(`outcrop.set_experiment(${JSON.stringify(experiment)})`);
  return (
    <section className={styles.page}>
      <h1 className={styles.title}>{t.firstRunTitle}</h1>
      <p className={styles.lead}>{experiment === undefined ? t.firstRunLead : `${t.noTracesHere} ${t.firstRunLead}`}</p>
      <Code text={lines.join("\n")} />
      {session?.is_anonymous === false && <p className={styles.lead}>{t.firstRunToken}</p>}
      <p className={styles.lead}>
        {t.firstRunInstall} <code>pip install outcrop boto3</code>
      </p>
      <p className={styles.waiting} role="timer" aria-live="off">
        <span className={styles.dot} data-odd={seconds % 2 === 1 || undefined} aria-hidden />
        {t.firstRunWaiting(seconds)}
      </p>
      <Elsewhere experiment={experiment} sinceMs={since} />
      <Fold className={styles.whole} label={t.firstRunWhole}>
        <Code text={`${lines.join("\n")}\n${CALL}`} />
      </Fold>
      {seconds >= CHECK_AFTER_S && (
        <div className={styles.checks} role="status">
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

function Code({ text }: { text: string }) {
  return (
    <div className={styles.code}>
      {/* It scrolls sideways: by the keyboard, too. */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={`${text}\n`} className={styles.copy} />
    </div>
  );
}

/** What most often is wrong while one waits at an experiment: the trace went to another one. */
function Elsewhere({ experiment, sinceMs }: { experiment: string | undefined; sinceMs: number }) {
  const { t } = useSpeech();
  const { data } = useQuery(experimentsQuery);
  const came = data?.find(({ name, lastTraceNs }) => name !== experiment && lastTraceNs !== null && Number(lastTraceNs / 1_000_000n) >= sinceMs);
  if (experiment === undefined || !came) return null;
  return (
    <p className={styles.elsewhere} role="status">
      <Link to="/traces" search={{ experiment: came.name }}>
        {t.firstRunElsewhere(came.name)}
      </Link>
    </p>
  );
}
