// Pictures shown, sound and video played, all else to download; what lies elsewhere is named and never fetched.
import { IconDownload, IconFile, IconMovie, IconPhoto, IconVolume } from "@tabler/icons-react";
import { useState } from "react";
import { formatBytes } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Media as MediaItem } from "@/model/conversation";
import { mediaFileName } from "@/model/mediaFile";
import styles from "./Chat.module.css";

type Held = NonNullable<MediaItem["held"]>;
type Form = "image" | "audio" | "video";

const SIGNS: Readonly<Record<string, typeof IconFile>> = { image: IconPhoto, audio: IconVolume, video: IconMovie, document: IconFile };

export function Media({ media }: { media: MediaItem }) {
  const { t } = useSpeech();
  const { modality, mimeType, name, uri, held } = media;
  const names: Readonly<Record<string, string>> = { image: t.image, audio: t.audio, video: t.video, document: t.document };
  const title = name ?? names[modality] ?? modality;
  const Sign = SIGNS[modality] ?? IconFile;
  const head = <><Sign size={15} stroke={1.6} aria-hidden /> {title}</>;
  if (uri !== null) return <p className={styles.media}>{head} <code>{uri}</code></p>;
  if (!held) {
    return (
      <p className={styles.media}>
        {head} <span className={styles.faint}>{[mimeType, t.notWhole].filter(Boolean).join(" · ")}</span>
      </p>
    );
  }
  return (
    <figure className={styles.figure}>
      <Shown key={held.path} held={held} title={title} />
      <figcaption className={styles.media}>
        {head} <span className={styles.faint}>{[mimeType, formatBytes(held.sizeBytes)].filter(Boolean).join(" · ")}</span>
        <a className={styles.open} href={held.path} download={mediaFileName(media)}>
          <IconDownload size={14} stroke={1.7} aria-hidden /> {t.download}
        </a>
      </figcaption>
    </figure>
  );
}

/** The media itself, by the type that the server gives it; nothing for what no browser shows, words where this one cannot. */
function Shown({ held, title }: { held: Held; title: string }) {
  const { t } = useSpeech();
  const [isBroken, setBroken] = useState(false);
  const form = formOf(held.contentType);
  if (form === null) return null;
  if (isBroken) return <p className={styles.faint}>{form === "image" ? t.cannotShow : t.cannotPlay}</p>;
  const shared = { src: held.path, onError: () => setBroken(true) };
  if (form === "image") return <img {...shared} alt={title} loading="lazy" />;
  // What was captured has no captions beside it.
  return form === "audio" ? <audio {...shared} controls preload="metadata" aria-label={title} /> : <video {...shared} controls preload="metadata" aria-label={title} />;
}

function formOf(contentType: string): Form | null {
  const [family] = contentType.split("/");
  return family === "image" || family === "audio" || family === "video" ? family : null;
}
