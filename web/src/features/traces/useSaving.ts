// Fetching traces as a file, and what went wrong with it.
import { useMutation } from "@tanstack/react-query";
import type { Exported, ExportFormat } from "@/api/several";
import { saveFile } from "@/lib/saveFile";

const ENDINGS: Readonly<Record<ExportFormat, string>> = { jsonl: "jsonl", otlp: "otlp", "otlp-jsonl": "otlp.jsonl" };

interface Wanted {
  format: ExportFormat;
  fetchIt: () => Promise<Exported>;
}

export function useSaving() {
  const { mutate, isPending, error, data = 0, reset } = useMutation({
    mutationFn: async ({ format, fetchIt }: Wanted) => {
      const { file, unsearched } = await fetchIt();
      saveFile(file, `traces.${ENDINGS[format]}`);
      return unsearched;
    },
  });
  return {
    save: (format: ExportFormat, fetchIt: () => Promise<Exported>) => mutate({ format, fetchIt }),
    isBusy: isPending,
    error,
    /** So many traces may be missing in the file: their words were not indexed yet. */
    unsearched: data,
    forget: reset,
  };
}
