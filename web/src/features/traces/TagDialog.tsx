// Sets a tag of several traces, or takes it away; what the server refuses is said, and what was done stays done.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { RequestError } from "@/api/client";
import { setTag } from "@/api/several";
import { Dialog, Field } from "@/components/Dialog";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./TagDialog.module.css";

interface Props {
  ids: readonly string[];
  isOpen: boolean;
  /** Others add tags alone. */
  isAdmin: boolean;
  onClose: () => void;
  onDone: (words: string) => void;
}

// A browser opens only a few connections at once anyway.
const TOGETHER = 4;

export function TagDialog({ ids, isOpen, isAdmin, onClose, onDone }: Props) {
  const { t, language } = useSpeech();
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [isRemoving, setIsRemoving] = useState(false);
  const [done, setDone] = useState(0);
  const count = formatCount(ids.length, language);
  const tagging = useMutation({
    mutationFn: async () => {
      setDone(0);
      await forEach(ids, (id) => setTag(id, key.trim(), isRemoving ? null : value), setDone);
    },
    onSuccess: () => {
      onDone(isRemoving ? t.tagRemovedFrom(count, key.trim()) : t.tagSetOn(count, `${key.trim()}: ${value}`));
      setKey("");
      setValue("");
    },
  });
  return (
    <Dialog
      title={t.tagTitle(ids.length, count)}
      isOpen={isOpen}
      onClose={onClose}
      action={tagging.isPending ? t.doneOf(formatCount(done, language), count) : isRemoving ? t.removeTag : t.setTag}
      isBusy={tagging.isPending}
      isReady={key.trim() !== ""}
      error={tagging.error && new RequestError(t.doneThen(formatCount(done, language), count, tagging.error.message || t.noAnswer), 0)}
      onDo={() => tagging.mutate()}
    >
      <Field label={t.key}>
        <input data-autofocus value={key} maxLength={500} autoComplete="off" spellCheck={false} onChange={(event) => setKey(event.target.value)} />
      </Field>
      {!isRemoving && (
        <Field label={t.value} hint={isAdmin ? undefined : t.tagReaderHint}>
          <input value={value} maxLength={2000} autoComplete="off" onChange={(event) => setValue(event.target.value)} />
        </Field>
      )}
      {isAdmin && (
        <label className={styles.remove}>
          <input type="checkbox" checked={isRemoving} onChange={(event) => setIsRemoving(event.target.checked)} />
          {t.removeThisTag}
        </label>
      )}
    </Dialog>
  );
}

/** A few at a time; ends at the first that fails. */
async function forEach(ids: readonly string[], work: (id: string) => Promise<void>, onDone: (count: number) => void): Promise<void> {
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < ids.length) {
      const id = ids[next++];
      if (id === undefined) return;
      try {
        await work(id);
      } catch (cause) {
        next = ids.length;
        throw cause;
      }
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}
