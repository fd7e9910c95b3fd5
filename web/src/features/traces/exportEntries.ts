// The forms in which traces can be had as a file.
import type { ExportFormat } from "@/api/several";
import type { MenuEntry } from "@/components/MenuButton";
import type { Dictionary } from "@/lib/i18n/dictionary";

const FORMATS: readonly ExportFormat[] = ["jsonl", "otlp", "otlp-jsonl"];

export const exportEntries = (t: Dictionary, onExport: (format: ExportFormat) => void): readonly MenuEntry[] =>
  FORMATS.map((format) => ({ kind: "item", label: t.exportFormats[format], onClick: () => onExport(format) }));
