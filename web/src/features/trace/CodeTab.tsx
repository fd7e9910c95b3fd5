// Code: this very call, ready to paste.
import { useState } from "react";
import type { SpanPayload } from "@/api/read";
import { CopyButton } from "@/components/CopyButton";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { keepChoice, readChoice } from "@/lib/storage";
import { asBoto3, asCli, asCurl, bedrockCall, type BedrockCall } from "@/model/callCode";
import styles from "./CodeTab.module.css";

const FORMS: readonly { name: string; write: (call: BedrockCall) => string | null }[] = [
  { name: "boto3", write: asBoto3 },
  { name: "AWS CLI", write: asCli },
  { name: "curl", write: asCurl },
];

export function CodeTab({ payload }: { payload: SpanPayload }) {
  const { t } = useSpeech();
  const [chosen, setChosen] = useState(() => readChoice("code") ?? "boto3");
  const call = bedrockCall(payload.attributes, payload.inputs);
  if (!call) return <p className={styles.none}>{t.noCode}</p>;
  const form = FORMS.find(({ name }) => name === chosen) ?? FORMS[0];
  const code = form?.write(call) ?? null;
  return (
    <ScrollPane>
      <div className={styles.bar}>
        <div className={styles.forms} role="radiogroup" aria-label={t.code}>
          {FORMS.map(({ name }) => (
            <button
              key={name}
              type="button"
              role="radio"
              aria-checked={name === form?.name}
              className={styles.form}
              onClick={() => {
                keepChoice("code", name);
                setChosen(name);
              }}
            >
              {name}
            </button>
          ))}
        </div>
        {code !== null && <CopyButton text={`${code}\n`} />}
      </div>
      {payload.cutMembers.includes("inputs") && <p className={styles.cut}>{t.codeIsCut}</p>}
      {code === null ? (
        <p className={styles.none}>{t.noCodeIn(form?.name ?? "", call.operation)}</p>
      ) : (
        <pre className={styles.code}>
          <code>{code}</code>
        </pre>
      )}
    </ScrollPane>
  );
}
