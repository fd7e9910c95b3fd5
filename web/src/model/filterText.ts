// A filter as text that someone is typing: its words, what may come next, and clauses put in and taken out.
// Nothing here judges a filter; the server does, and says the column.
import { FIELDS, fieldNamed, operatorsOf, quote, type FilterField } from "./filterFields";

export interface Token {
  kind: "word" | "value" | "phrase" | "sign" | "bracket";
  text: string;
  start: number;
  end: number;
}

// Quoted texts may be open at the end: someone is still typing.
const TOKEN = /'(?:[^']|'')*'?|"[^"]*"?|[()[\],]|[<>=!]+|(?:[^\s'"()[\],<>=!`]|`[^`]*`?)+/gu;
const COMPARING = new Set(["LIKE", "ILIKE", "RLIKE", "IN", "=", "!=", "<>", "<", "<=", ">", ">="]);

export function tokens(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((found) => {
    const [written] = found;
    const first = written.charAt(0);
    const kind =
      first === "'" ? "value" : first === '"' ? "phrase" : "()[],".includes(first) ? "bracket" : "<>=!".includes(first) ? "sign" : "word";
    return { kind, text: written, start: found.index, end: found.index + written.length };
  });
}

/** What is being typed, where it stands, and of what it is a part. */
export interface Place {
  part: "term" | "operator" | "value" | "joint";
  field: string | null;
  typed: string;
  start: number;
  end: number;
}

export function placeAt(text: string, caret: number): Place {
  const all = tokens(text);
  const current = all.find(({ kind, start, end }) => start < caret && caret <= end && kind !== "bracket");
  let part: Place["part"] = "term";
  let field: string | null = null;
  for (const token of all) {
    if (token.end > caret || token === current) break;
    [part, field] = after(part, field, token);
  }
  if (!current) return { part, field, typed: "", start: caret, end: caret };
  return { part, field, typed: text.slice(current.start, caret), start: current.start, end: current.end };
}

function after(part: Place["part"], field: string | null, { kind, text }: Token): [Place["part"], string | null] {
  const word = text.toUpperCase();
  if (word === "AND" || word === "OR") return ["term", null];
  if (text === "(") return part === "value" ? [part, field] : ["term", null];
  if (text === ")") return ["joint", null];
  if (part === "operator") {
    if (COMPARING.has(word)) return ["value", field];
    if (word === "NOT" || word === "IS") return [part, field];
    if (word === "NULL") return ["joint", null];
  }
  if (part === "value") return text === "," || text === "[" ? [part, field] : ["joint", field];
  if (text === "," && field !== null) return ["value", field];
  if (kind === "word" && word !== "NOT" && word !== "ANY") return fieldNamed(text) ? ["operator", text] : ["joint", null];
  return word === "NOT" || word === "ANY" ? ["term", null] : ["joint", null];
}

export interface Option {
  /** What is put in. */
  text: string;
  hint?: string;
}

/** Values of a field that are known from elsewhere. */
export type KnownValues = (field: FilterField, written: string) => readonly string[];

const MOST = 12;

/** What may stand at a place, the likeliest first. */
export function optionsAt({ part, field, typed }: Place, known: KnownValues): Option[] {
  const found = field === null ? null : fieldNamed(field);
  if (part === "operator" && found !== null) return matching(operatorsOf(found.kind), typed, (text) => text).map((text) => ({ text }));
  if (part === "value") {
    if (found?.kind !== "text") return [];
    const wanted = typed.replace(/^'|'$/g, "").replaceAll("''", "'");
    const values = found.values ?? known(found, field ?? "");
    return matching(values, wanted, (text) => text).map((value) => ({ text: quote(value) })).slice(0, MOST);
  }
  const joints: Option[] = part === "joint" ? [{ text: "AND" }, { text: "OR" }] : [{ text: "NOT" }];
  const fields = matching(FIELDS, typed, ({ name }) => name).map(({ name, example }) => ({ text: name, hint: example }));
  const fitting = joints.filter(({ text }) => text.startsWith(typed.toUpperCase()));
  return (part === "joint" ? [...fitting, ...fields] : [...fields, ...fitting]).slice(0, MOST);
}

function matching<T>(all: readonly T[], typed: string, nameOf: (each: T) => string): T[] {
  const wanted = typed.toLowerCase();
  const begin = all.filter((each) => nameOf(each).toLowerCase().startsWith(wanted));
  if (wanted === "") return begin;
  const within = all.filter((each) => !begin.includes(each) && nameOf(each).toLowerCase().includes(wanted));
  return [...begin, ...within];
}

/** The text with an option put in at its place, and where the caret stands then. */
export function complete(text: string, place: Place, option: string): { text: string; caret: number } {
  // A user's own key is still to be typed.
  const put = option.endsWith(".") ? option : `${option} `;
  const before = text.slice(0, place.start);
  const rest = text.slice(place.end).replace(put.endsWith(" ") ? /^ / : /^/, "");
  return { text: `${before}${put}${rest}`, caret: before.length + put.length };
}

/** The clauses that AND joins, or that stand side by side; a filter with OR outside parentheses is one clause. */
export function clauses(text: string): string[] {
  const found: Token[][] = [[]];
  let depth = 0;
  let [part, field]: [Place["part"], string | null] = ["term", null];
  for (const token of tokens(text)) {
    if (token.text === "(" || token.text === "[") depth++;
    const word = token.text.toUpperCase();
    if (depth === 0 && word === "OR") return [text.trim()];
    const isJoint = depth === 0 && word === "AND" && part !== "term";
    if (isJoint || (depth === 0 && part === "joint")) found.push([]);
    if (!isJoint) found.at(-1)?.push(token);
    if (token.text === ")" || token.text === "]") depth--;
    [part, field] = depth > 0 ? [part, field] : token.text === ")" ? ["joint", null] : after(part, field, token);
  }
  return found.filter((each) => each.length > 0).map((each) => text.slice(each[0]?.start, each.at(-1)?.end));
}

export const hasClause = (text: string, clause: string): boolean => clauses(text).includes(clause);

export function withClause(text: string, clause: string): string {
  if (text.trim() === "") return clause;
  const parts = clauses(text);
  const [only] = parts;
  // An OR binds less than AND.
  const isOr = parts.length === 1 && tokens(text).some((token) => token.text.toUpperCase() === "OR");
  return isOr && only !== undefined ? `(${only}) AND ${clause}` : [...parts, clause].join(" AND ");
}

export const withoutClause = (text: string, clause: string): string => {
  const parts = clauses(text);
  const at = parts.lastIndexOf(clause);
  return at < 0 ? text : parts.filter((_, i) => i !== at).join(" AND ");
};

/** Words that are looked for in texts: those that are compared with nothing. */
export function freeWords(text: string): string[] {
  const found: string[] = [];
  let [part, field]: [Place["part"], string | null] = ["term", null];
  for (const token of tokens(text)) {
    const isFree = part === "term" || part === "joint";
    const isWord = token.kind === "word" && !/^(and|or|not|any)$/i.test(token.text) && fieldNamed(token.text) === null;
    if (isFree && (isWord || token.kind === "phrase")) found.push(token.text.replace(/^"|"$/g, ""));
    [part, field] = after(part, field, token);
  }
  return found.filter((word) => word !== "");
}
