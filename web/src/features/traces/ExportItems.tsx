// The forms in which traces can be had as a file.
import { Menu } from "@mantine/core";
import type { ExportFormat } from "@/api/several";
import { useSpeech } from "@/lib/i18n/language";

const FORMATS: readonly ExportFormat[] = ["jsonl", "otlp", "otlp-jsonl"];

export function ExportItems({ onExport }: { onExport: (format: ExportFormat) => void }) {
  const { t } = useSpeech();
  return FORMATS.map((format) => (
    <Menu.Item key={format} onClick={() => onExport(format)}>
      {t.exportFormats[format]}
    </Menu.Item>
  ));
}
