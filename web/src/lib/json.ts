// JSON values: telling them apart, reading text as JSON, and naming a place inside one.

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";
export type PathStep = string | number;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kind of a JSON value; what JSON cannot hold counts as null. */
export function kindOf(value: unknown): JsonKind {
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "object":
      return value === null ? "null" : "object";
    case "string":
    case "number":
    case "boolean":
      return typeof value as JsonKind;
    default:
      return "null";
  }
}

/** An object or array written in a text, or undefined: plain words and bare numbers stay text. */
export function parseJsonText(text: string): unknown {
  const trimmed = text.trim();
  const opens = trimmed.startsWith("{") ? "}" : trimmed.startsWith("[") ? "]" : null;
  if (!opens || !trimmed.endsWith(opens)) return undefined;
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    return undefined;
  }
}

/** A value as text to copy: strings as they are, everything else as indented JSON. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return prettyJson(value);
}

export function prettyJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2) as string | undefined;
  return text ?? "null";
}

/** A value on one line, cut at `limit` characters: `{city: "San Francisco, CA"}`. */
export function inlineJson(value: unknown, limit = 120): string {
  const text = inline(value, limit);
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

function inline(value: unknown, budget: number): string {
  // The budget falls with depth and with what is written: a huge value costs no more than a small one.
  if (budget <= 0) return "…";
  if (Array.isArray(value)) return `[${some(value, budget, (item, left) => inline(item, left))}]`;
  if (isRecord(value)) {
    const entries = Object.entries(value);
    return `{${some(entries, budget, ([key, item], left) => `${plainKey(key)}: ${inline(item, left)}`)}}`;
  }
  if (typeof value === "string") return JSON.stringify(value.length > budget ? value.slice(0, budget) : value);
  return prettyJson(value);
}

function some<T>(items: readonly T[], budget: number, write: (item: T, left: number) => string): string {
  const written: string[] = [];
  let left = budget;
  for (const item of items) {
    if (left <= 0) {
      written.push("…");
      break;
    }
    const text = write(item, left);
    written.push(text);
    left -= text.length + 2;
  }
  return written.join(", ");
}

const plainKey = (key: string): string => (/^[\w$]+$/.test(key) ? key : JSON.stringify(key));

/** A place in a value as code: `messages[0].content["a b"]`. */
export function pathText(path: readonly PathStep[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text ? `${text}.${step}` : step;
  }, "");
}
