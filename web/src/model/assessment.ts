// A judgement of a trace or of one of its spans: feedback on what was, or what was expected.

export interface NewAssessment {
  kind: "feedback" | "expectation";
  name: string;
  value: unknown;
  comment: string;
  /** Null for the trace as a whole. */
  spanId: string | null;
}

export interface Assessment extends NewAssessment {
  id: string;
  source: { type: string; id: string };
  author: string | null;
  updatedNs: bigint;
}

/** What someone typed as a value: a number or true and false where it is one, else the text. */
export function typedValue(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  return trimmed !== "" && /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
}

/** The same the other way round. */
export const shownValue = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A judgement in few words: `helpful: true`, `score: 0.8`. */
export const shortJudgement = ({ name, value }: Pick<Assessment, "name" | "value">): string =>
  value === null || value === undefined ? name : `${name}: ${shownValue(value)}`;
