// Asks once more before traces are gone, and says how many.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteTraces } from "@/api/several";
import { Dialog } from "@/components/Dialog";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";

interface Props {
  ids: readonly string[];
  isOpen: boolean;
  onClose: () => void;
  onDeleted: (ids: readonly string[]) => void;
}

// Counts and sums that had them in it.
const COUNTED = ["count", "facets", "histogram", "experiments", "overview", "sessions", "top"];

export function DeleteDialog({ ids, isOpen, onClose, onDeleted }: Props) {
  const { t, language } = useSpeech();
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: deleteTraces,
    onSuccess: async (_, gone) => {
      onDeleted(gone);
      onClose();
      await Promise.all(COUNTED.map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
  const count = formatCount(ids.length, language);
  return (
    <Dialog
      title={t.deleteTitle(ids.length, count)}
      isOpen={isOpen}
      onClose={onClose}
      action={t.deleteAction(ids.length, count)}
      isDanger
      isBusy={deleting.isPending}
      error={deleting.error}
      onDo={() => deleting.mutate(ids)}
    >
      <p>{t.deleteWarning}</p>
    </Dialog>
  );
}
