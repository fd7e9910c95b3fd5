// Where a model says that it has something from: Converse's citations and Anthropic's, as title, place and quote.
import { isRecord } from "@/lib/json";

export interface Citation {
  title: string | null;
  /** Pages, characters, a search result, an address. */
  place: string | null;
  quotes: readonly string[];
  /** A web address, if it is one. */
  url: string | null;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

export function readCitations(value: unknown): Citation[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isRecord).map(readOne) : [];
}

function readOne(raw: Record<string, unknown>): Citation {
  const [kind, location] = Object.entries(isRecord(raw.location) ? raw.location : {}).find(([, each]) => isRecord(each)) ?? ["", {}];
  const at = isRecord(location) ? location : {};
  const source = Array.isArray(raw.sourceContent) ? (raw.sourceContent as unknown[]) : [];
  const quotes = [...source.map((each) => (isRecord(each) ? text(each.text) : null)), text(raw.cited_text)].filter((quote) => quote !== null);
  const url = [text(at.url), text(raw.url)].find((each) => each !== null && /^https?:\/\//.test(each)) ?? null;
  const start = number(at.start) ?? number(raw.start_page_number) ?? number(raw.start_char_index) ?? number(raw.start_block_index);
  const end = number(at.end) ?? number(raw.end_page_number) ?? number(raw.end_char_index) ?? number(raw.end_block_index);
  const unit = kind === "documentPage" || "start_page_number" in raw ? "p. " : "";
  const range = start === null ? null : `${unit}${start}${end === null || end === start ? "" : `–${end}`}`;
  return { title: text(raw.title) ?? text(raw.document_title), place: range ?? text(raw.source) ?? url, quotes, url };
}
