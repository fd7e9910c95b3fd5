// Pictures shown, documents to download, and links to what lies elsewhere (never fetched by the page).
import { IconDownload, IconFile, IconPhoto } from "@tabler/icons-react";
import { formatBytes } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Item } from "@/model/conversation";
import styles from "./Chat.module.css";

type MediaItem = Extract<Item, { kind: "media" }>;

export function Media({ item }: { item: MediaItem }) {
  const { t } = useSpeech();
  const title = item.name ?? (item.modality === "image" ? t.image : item.modality === "document" ? t.document : item.modality);
  if (item.base64 === null) {
    return (
      <p className={styles.media}>
        <IconFile size={15} stroke={1.6} aria-hidden /> {title} <code>{item.uri}</code>
      </p>
    );
  }
  const { base64, mimeType } = item;
  const isPicture = item.modality === "image" && (mimeType ?? "image/png").startsWith("image/");
  const Sign = isPicture ? IconPhoto : IconFile;
  return (
    <figure className={styles.figure}>
      {isPicture && <img src={`data:${mimeType ?? "image/png"};base64,${base64}`} alt={title} />}
      <figcaption className={styles.media}>
        <Sign size={15} stroke={1.6} aria-hidden /> {title}
        <span className={styles.faint}>
          {[mimeType, formatBytes(Math.floor((base64.length * 3) / 4))].filter(Boolean).join(" · ")}
        </span>
        <button type="button" className={styles.open} onClick={() => download(base64, mimeType, item.name)}>
          <IconDownload size={14} stroke={1.7} aria-hidden /> {t.download}
        </button>
      </figcaption>
    </figure>
  );
}

/** The bytes become an address of this page's own; the browser is never sent to a `data:` one. */
function download(base64: string, mimeType: string | null, name: string | null): void {
  const bytes = Uint8Array.from(window.atob(base64), (letter) => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: mimeType ?? "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name ?? `download.${mimeType?.split("/")[1] ?? "bin"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
