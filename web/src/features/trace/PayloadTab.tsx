// Inputs / Outputs: what went in and what came out, as it was.
import type { SpanPayload } from "@/api/read";
import { ErrorNote } from "@/components/ErrorNote";
import { JsonDocument } from "@/components/JsonDocument";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";

export function PayloadTab({ payload }: { payload: SpanPayload }) {
  const { t } = useSpeech();
  const { inputs, outputs, span } = payload;
  return (
    <ScrollPane>
      <JsonDocument title={t.inputs} root="inputs" value={inputs} />
      <JsonDocument title={t.outputs} root="outputs" value={outputs} />
      {span.error && (
        <div style={{ padding: "0 16px 16px" }}>
          <ErrorNote error={span.error} />
        </div>
      )}
    </ScrollPane>
  );
}
