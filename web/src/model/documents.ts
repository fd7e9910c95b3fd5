// What a retriever found, in whichever form it was written down: Bedrock's, LangChain's, OpenInference's, the conventions'.
import { isRecord } from "@/lib/json";

export interface FoundDocument {
  text: string;
  id: string | null;
  score: number | null;
  /** What else is said of it: its source, its metadata. */
  rest: Readonly<Record<string, unknown>>;
}

const LISTS = ["documents", "retrievalResults", "results", "matches"];
const TEXTS = ["content", "page_content", "pageContent", "text", "document"];
const IDS = ["id", "document_id"];
const SCORES = ["score", "relevance_score", "relevanceScore"];

/** The documents of an answer in their order; null where it is anything else, or holds a list without words. */
export function readDocuments(outputs: unknown): FoundDocument[] | null {
  const list = Array.isArray(outputs) ? (outputs as unknown[]) : isRecord(outputs) ? LISTS.map((name) => outputs[name]).find(Array.isArray) : undefined;
  if (!list || list.length === 0) return null;
  const found = (list as unknown[]).map(readDocument);
  return found.every((each) => each !== null) ? found : null;
}

function readDocument(value: unknown): FoundDocument | null {
  if (!isRecord(value)) return null;
  const name = TEXTS.find((each) => words(value[each]) !== null);
  if (name === undefined) return null;
  const idName = IDS.find((each) => typeof value[each] === "string" || typeof value[each] === "number");
  const scoreName = SCORES.find((each) => typeof value[each] === "number");
  const read = new Set([name, idName, scoreName]);
  const rest = Object.fromEntries(Object.entries(value).filter(([key, each]) => !read.has(key) && !isNothing(each)));
  return {
    text: words(value[name]) ?? "",
    id: idName === undefined ? null : String(value[idName]),
    score: scoreName === undefined ? null : Number(value[scoreName]),
    rest,
  };
}

/** Text, also where it is wrapped once, as Bedrock's `content` is. */
function words(value: unknown): string | null {
  if (typeof value === "string") return value;
  return isRecord(value) && typeof value.text === "string" ? value.text : null;
}

const isNothing = (value: unknown): boolean => value === null || (isRecord(value) && Object.keys(value).length === 0);
