// The parts of the payload as they were captured, to download.
import { IconDownload } from "@tabler/icons-react";
import { formatBytes } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { fileName, type PayloadPart } from "@/model/payloadParts";
import styles from "./Payload.module.css";

export function Downloads({ parts, spanId }: { parts: readonly PayloadPart[]; spanId: string }) {
  const { t } = useSpeech();
  if (parts.length === 0) return null;
  const names: Readonly<Record<string, string>> = t.parts;
  return (
    <section className={styles.downloads} aria-label={t.downloadRaw}>
      <h3>{t.downloadRaw}</h3>
      <ul>
        {parts.map((part) => (
          <li key={part.name}>
            <a href={part.path} download={fileName(spanId, part)}>
              <IconDownload size={14} stroke={1.7} aria-hidden /> {part.isDerived ? t.derivedPart(names[part.name] ?? part.name) : (names[part.name] ?? part.name)}
            </a>
            <span className={styles.faint}>{formatBytes(part.sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
