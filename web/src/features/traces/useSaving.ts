// Fetching traces as a file, and what went wrong with it.
import { useMutation } from "@tanstack/react-query";
import type { ExportFormat } from "@/api/several";
import { saveFile } from "@/lib/saveFile";

const ENDINGS: Readonly<Record<ExportFormat, string>> = { jsonl: "jsonl", otlp: "otlp", "otlp-jsonl": "otlp.jsonl" };

interface Wanted {
  format: ExportFormat;
  fetchIt: () => Promise<Blob>;
}

export function useSaving() {
  const { mutate, isPending, error } = useMutation({
    mutationFn: async ({ format, fetchIt }: Wanted) => saveFile(await fetchIt(), `traces.${ENDINGS[format]}`),
  });
  return { save: (format: ExportFormat, fetchIt: () => Promise<Blob>) => mutate({ format, fetchIt }), isBusy: isPending, error };
}
