// Inputs / Outputs: what went in and what came out, as it was; what is too large comes whole when it is asked for.
import type { SpanPayload } from "@/api/read";
import { ErrorNote } from "@/components/ErrorNote";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { partOf } from "@/model/payloadParts";
import { Downloads } from "./Downloads";
import { Member } from "./Member";
import styles from "./Payload.module.css";

export function PayloadTab({ payload }: { payload: SpanPayload }) {
  const { t } = useSpeech();
  const { inputs, outputs, span, cutMembers, parts } = payload;
  return (
    <ScrollPane>
      <Member title={t.inputs} root="inputs" value={inputs} isCut={cutMembers.includes("inputs")} part={partOf("inputs", parts)} />
      <Member title={t.outputs} root="outputs" value={outputs} isCut={cutMembers.includes("outputs")} part={partOf("outputs", parts)} />
      {span.error && (
        <div className={styles.error}>
          <ErrorNote error={span.error} />
        </div>
      )}
      <Downloads parts={parts} spanId={span.id} />
    </ScrollPane>
  );
}
