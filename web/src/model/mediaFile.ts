// What a downloaded picture, sound, video or document is called.
import type { Media } from "./conversation";

// Where the ending of a file is not what stands in its media type.
const ENDINGS: Readonly<Record<string, string>> = {
  "application/msword": "doc",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "audio/mpeg": "mp3",
  "image/jpeg": "jpg",
  "image/svg+xml": "svg",
  "text/markdown": "md",
  "text/plain": "txt",
  "video/3gpp": "3gp",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
};

/** Its own name, with an ending if that has none; Bedrock's documents must not have any. */
export function mediaFileName({ name, modality, mimeType }: Pick<Media, "name" | "modality" | "mimeType">): string {
  if (name !== null && /\.\w{1,5}$/.test(name)) return name;
  const type = mimeType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const last = type.split("/")[1]?.replace(/^x-/, "") ?? "";
  return `${name ?? modality}.${ENDINGS[type] ?? (/^[\w-]{1,8}$/.test(last) ? last : "bin")}`;
}
