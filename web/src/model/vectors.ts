// What embedding and reranking models were asked and gave, in whichever form of body: texts, vectors, ranked documents.
import { isRecord } from "@/lib/json";

export interface Embedded {
  /** What was embedded, where it is text; the place of others is kept. */
  text: string | null;
  vector: readonly number[];
  /** The kind of numbers, where a model gives several: `float`, `int8`. */
  form: string | null;
}

const LEAST_NUMBERS = 4;
const DEEP = 6;
const TEXTS: ReadonlySet<string> = new Set(["texts", "text", "inputText", "input", "inputs", "content", "value", "body", "singleEmbeddingParams"]);

const isVector = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length >= LEAST_NUMBERS && (value as unknown[]).every((each) => typeof each === "number");

/** The vectors of an answer, each beside its text; null where there are none. */
export function readEmbeddings(inputs: unknown, outputs: unknown): Embedded[] | null {
  const vectors: Omit<Embedded, "text">[] = [];
  collectVectors(outputs, null, DEEP, vectors);
  if (vectors.length === 0) return null;
  const texts = collectTexts(inputs, DEEP);
  const places = new Map<string | null, number>();
  return vectors.map((each) => {
    const place = places.get(each.form) ?? 0;
    places.set(each.form, place + 1);
    return { ...each, text: texts[place] ?? null };
  });
}

const FORMS: ReadonlySet<string> = new Set(["float", "int8", "uint8", "binary", "ubinary"]);

function collectVectors(value: unknown, form: string | null, depth: number, found: Omit<Embedded, "text">[]): void {
  if (isVector(value)) {
    found.push({ vector: value, form });
    return;
  }
  if (depth === 0) return;
  if (Array.isArray(value)) for (const each of value as unknown[]) collectVectors(each, form, depth - 1, found);
  else if (isRecord(value)) {
    // Titan gives the same vector twice, once by its kind.
    const { embeddingsByType, ...rest } = value;
    const members = "embedding" in rest ? rest : embeddingsByType === undefined ? rest : { ...rest, embeddingsByType };
    for (const [key, each] of Object.entries(members)) collectVectors(each, FORMS.has(key) ? key : form, depth - 1, found);
  }
}

function collectTexts(value: unknown, depth: number): string[] {
  if (typeof value === "string") return [value];
  if (depth === 0) return [];
  if (Array.isArray(value)) return (value as unknown[]).flatMap((each) => collectTexts(each, depth - 1));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => (TEXTS.has(key) ? collectTexts(each, depth - 1) : []));
}

/** The length of a vector: 1 where it was normalised. */
export const norm = (vector: readonly number[]): number => Math.hypot(...vector.slice(0, 16_384));

/** A vector in few bars, each the mean of a stretch, from -1 to 1 of the largest. */
export function outlineOf(vector: readonly number[], bars: number): number[] {
  const count = Math.min(bars, vector.length);
  const means = Array.from({ length: count }, (_, i) => {
    const part = vector.slice(Math.floor((i * vector.length) / count), Math.floor(((i + 1) * vector.length) / count));
    return part.reduce((sum, each) => sum + each, 0) / Math.max(part.length, 1);
  });
  const most = Math.max(...means.map(Math.abs), Number.MIN_VALUE);
  return means.map((mean) => mean / most);
}

export interface Ranked {
  /** The document's place in what was sent. */
  index: number;
  score: number;
  text: string | null;
  document: unknown;
}

export interface Reranked {
  query: string | null;
  ranked: readonly Ranked[];
  sent: number;
}

/** What a reranker was asked and how it ordered the documents; null where it is no such thing. */
export function readRerank(inputs: unknown, outputs: unknown): Reranked | null {
  const [asked, answered] = [bodyOf(inputs), bodyOf(outputs)];
  const results = answered.results;
  if (!Array.isArray(results)) return null;
  const documents = firstList(asked.documents, asked.sources);
  const ranked = (results as unknown[]).flatMap((each): Ranked[] => {
    if (!isRecord(each) || typeof each.index !== "number") return [];
    const score = [each.relevance_score, each.relevanceScore, each.score].find((value) => typeof value === "number");
    const document = each.document ?? documents[each.index];
    return score === undefined ? [] : [{ index: each.index, score, text: textOf(document), document }];
  });
  return ranked.length === 0 ? null : { query: textOf(asked.query) ?? textOf(firstList(asked.queries)[0]), ranked, sent: documents.length };
}

function bodyOf(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) return {};
  return isRecord(value.body) ? value.body : value;
}

const firstList = (...values: unknown[]): unknown[] => (values.find((value) => Array.isArray(value)) as unknown[] | undefined) ?? [];

/** The text of a document, however deep it is wrapped. */
function textOf(value: unknown, depth = 4): string | null {
  if (typeof value === "string") return value;
  if (!isRecord(value) || depth === 0) return null;
  for (const key of ["text", "textQuery", "textDocument", "inlineDocumentSource", "content", "snippet"]) {
    const found = textOf(value[key], depth - 1);
    if (found !== null) return found;
  }
  return null;
}
