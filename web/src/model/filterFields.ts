// What the filter language can compare, for completion. docs/filters.md says what each means; a test of the
// server's holds these names against its own.

export type FieldKind = "text" | "number" | "duration" | "moment";

export interface FilterField {
  name: string;
  kind: FieldKind;
  /** How it is used, as an example. */
  example: string;
  /** Its values, where there are few. */
  values?: readonly string[];
  /** The facet that knows its values. */
  facet?: Facet;
}

/** The groups that `/api/facets` gives. */
export const FACETS = ["status", "model", "operation", "error", "tool", "session", "user", "tag"] as const;
export type Facet = (typeof FACETS)[number];

const SPAN_TYPES = ["AGENT", "CHAIN", "CHAT_MODEL", "EMBEDDING", "GUARDRAIL", "LLM", "RERANKER", "RETRIEVER", "TASK", "TOOL", "WORKFLOW", "UNKNOWN"];

export const FIELDS: readonly FilterField[] = [
  { name: "status", kind: "text", example: "= 'ERROR'", values: ["ERROR", "OK"] },
  { name: "error", kind: "text", example: "= 'ThrottlingException'", facet: "error" },
  { name: "model", kind: "text", example: "LIKE '%sonnet%'", facet: "model" },
  { name: "latency", kind: "duration", example: "> 2s" },
  { name: "cost", kind: "number", example: "> 0.05" },
  { name: "tokens.input", kind: "number", example: "> 10k" },
  { name: "tokens.output", kind: "number", example: "> 1k" },
  { name: "tokens.total", kind: "number", example: "> 10k" },
  { name: "tool", kind: "text", example: "= 'get_weather'", facet: "tool" },
  { name: "name", kind: "text", example: "= 'agent'" },
  { name: "session", kind: "text", example: "= 'chat-17'", facet: "session" },
  { name: "user", kind: "text", example: "= 'u-1'", facet: "user" },
  { name: "finish_reason", kind: "text", example: "= 'max_tokens'", values: ["end_turn", "tool_use", "max_tokens", "stop_sequence", "guardrail_intervened", "content_filtered"] },
  { name: "vendor", kind: "text", example: "= 'anthropic'" },
  { name: "prompt", kind: "text", example: "ILIKE '%refund%'" },
  { name: "response", kind: "text", example: "ILIKE '%sorry%'" },
  { name: "error.message", kind: "text", example: "LIKE '%rate%'" },
  { name: "time", kind: "moment", example: "> -1h" },
  { name: "span_count", kind: "number", example: ">= 10" },
  { name: "experiment", kind: "text", example: "LIKE '/Shared/%'" },
  { name: "tags.", kind: "text", example: "tags.team = 'search'" },
  { name: "feedback.", kind: "text", example: "feedback.helpful = true" },
  { name: "span.name", kind: "text", example: "= 'get_weather'", facet: "operation" },
  { name: "span.type", kind: "text", example: "= 'TOOL'", values: SPAN_TYPES },
  { name: "span.status", kind: "text", example: "= 'ERROR'", values: ["ERROR", "OK", "UNSET"] },
  { name: "span.content", kind: "text", example: "LIKE '%refund%'" },
  { name: "span.attributes.", kind: "text", example: "span.attributes.gen_ai.request.temperature = 0.2" },
  { name: "span.error", kind: "text", example: "= 'KeyError'", facet: "error" },
  { name: "span.model", kind: "text", example: "LIKE '%haiku%'", facet: "model" },
  { name: "span.latency", kind: "duration", example: "> 500ms" },
  { name: "span.tokens.output", kind: "number", example: "> 1k" },
  { name: "span.cost", kind: "number", example: "> 0.01" },
];

const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "RLIKE", "IN", "IS NULL", "IS NOT NULL"];
const NUMBER_OPERATORS = [">", "<", ">=", "<=", "="];

export const operatorsOf = (kind: FieldKind): readonly string[] => (kind === "text" ? TEXT_OPERATORS : NUMBER_OPERATORS);

/** The field of a name as it was written; those of a user's own keys by their beginning. */
export function fieldNamed(written: string): FilterField | null {
  const name = written.toLowerCase().replace(/^(trace|attributes?)\./, "").replaceAll("`", "");
  return FIELDS.find((field) => (field.name.endsWith(".") ? name.startsWith(field.name) && name !== field.name : field.name === name)) ?? null;
}

/** The filter's clause for a facet's value. */
export function facetClause(facet: Facet, value: string, key: string | null): string {
  const quoted = quote(value);
  if (facet === "operation") return `span.name = ${quoted}`;
  if (facet === "tag") return `tags.${/^\w+$/.test(key ?? "") ? (key ?? "") : `\`${key ?? ""}\``} = ${quoted}`;
  return `${facet} = ${quoted}`;
}

export const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;
