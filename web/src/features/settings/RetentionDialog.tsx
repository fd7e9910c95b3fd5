// The limits of one experiment. What is older or more goes for good, and this says so before it is saved.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { editExperiment } from "@/api/experiments";
import type { ExperimentRetention, Retention } from "@/api/settings";
import { Dialog, Field } from "@/components/Dialog";
import { useSpeech } from "@/lib/i18n/language";
import { readAge, readSize, readWhole, writeSize } from "@/model/limits";
import styles from "./Settings.module.css";

interface Props {
  experiment: ExperimentRetention;
  agesByDays: boolean;
  onClose: () => void;
}

export function RetentionDialog({ experiment: { experiment_id: id, name, own, source }, agesByDays, onClose }: Props) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [isKept, setIsKept] = useState(own?.is_kept ?? false);
  const [age, setAge] = useState(own?.max_age ?? "");
  const [traces, setTraces] = useState(own?.max_traces ? String(own.max_traces) : "");
  const [size, setSize] = useState(own?.max_bytes ? writeSize(own.max_bytes) : "");
  const [wantedAge, wantedTraces, wantedSize] = [readAge(age), readWhole(traces), readSize(size)];
  const isRight = wantedAge !== undefined && wantedTraces !== undefined && wantedSize !== undefined;
  const saving = useMutation({
    mutationFn: () => {
      const limits: Retention = { is_kept: isKept, max_age: wantedAge ?? null, max_traces: wantedTraces ?? null, max_bytes: wantedSize ?? null };
      const isNone = !isKept && limits.max_age === null && limits.max_traces === null && limits.max_bytes === null;
      return editExperiment(id, { retention: isNone ? null : limits });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["retention"] });
      onClose();
    },
  });
  return (
    <Dialog title={t.limitsOf(name)} isOpen onClose={onClose} action={t.save} isReady={isKept || isRight} isBusy={saving.isPending} error={saving.error} onDo={() => saving.mutate()}>
      {source === "option" && <p className={styles.faint}>{t.optionWins}</p>}
      <label className={styles.tick}>
        <input type="checkbox" checked={isKept} onChange={(event) => setIsKept(event.target.checked)} />
        {t.keepAlways}
      </label>
      {!isKept && (
        <>
          <Field label={t.maxAge} hint={wantedAge === undefined ? t.wrongAge : t.maxAgeHint}>
            <input data-autofocus value={age} aria-invalid={wantedAge === undefined} autoComplete="off" onChange={(event) => setAge(event.target.value)} />
          </Field>
          <Field label={t.maxTraces} hint={wantedTraces === undefined ? t.wrongWhole : undefined}>
            <input value={traces} inputMode="numeric" aria-invalid={wantedTraces === undefined} autoComplete="off" onChange={(event) => setTraces(event.target.value)} />
          </Field>
          <Field label={t.maxSize} hint={wantedSize === undefined ? t.wrongSize : t.maxSizeHint}>
            <input value={size} aria-invalid={wantedSize === undefined} autoComplete="off" onChange={(event) => setSize(event.target.value)} />
          </Field>
          <p className={styles.warning}>{agesByDays ? `${t.retentionWarning} ${t.agesByDays}` : t.retentionWarning}</p>
        </>
      )}
    </Dialog>
  );
}
