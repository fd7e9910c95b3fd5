// Makes an experiment, or gives one another name and description.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createExperiment, editExperiment } from "@/api/experiments";
import { Dialog, Field } from "@/components/Dialog";
import { useSpeech } from "@/lib/i18n/language";
import type { Experiment } from "@/model/trace";

interface Props {
  /** Null for a new one. */
  experiment: Experiment | null;
  canRename: boolean;
  onClose: () => void;
}

export function ExperimentDialog({ experiment, canRename, onClose }: Props) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [name, setName] = useState(experiment?.name ?? "");
  const [description, setDescription] = useState(experiment?.description ?? "");
  const isRenamed = experiment !== null && name.trim() !== experiment.name;
  const saving = useMutation({
    mutationFn: async () => {
      if (experiment === null) await createExperiment(name.trim(), description);
      else await editExperiment(experiment.id, { ...(isRenamed && { name: name.trim() }), description });
    },
    onSuccess: async () => {
      await Promise.all(["experiments", "views", "retention"].map((key) => client.invalidateQueries({ queryKey: [key] })));
      onClose();
    },
  });
  return (
    <Dialog
      title={experiment === null ? t.newExperiment : t.changeExperiment(experiment.name)}
      isOpen
      onClose={onClose}
      action={t.save}
      isReady={name.trim() !== ""}
      isBusy={saving.isPending}
      error={saving.error}
      onDo={() => saving.mutate()}
    >
      <Field label={t.name} hint={experiment === null ? t.newExperimentHint : isRenamed ? t.renameHint(experiment.name) : canRename ? undefined : t.renameScoped}>
        <input data-autofocus value={name} disabled={experiment !== null && !canRename} maxLength={500} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t.description}>
        <textarea rows={3} value={description} maxLength={2000} onChange={(event) => setDescription(event.target.value)} />
      </Field>
    </Dialog>
  );
}
