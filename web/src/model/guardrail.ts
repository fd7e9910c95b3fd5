// What a guardrail found, from each of the places where Bedrock says so: ApplyGuardrail, Converse, its stream, bodies.
import { isRecord } from "@/lib/json";

export interface Finding {
  side: "input" | "output" | null;
  policy: "topic" | "content" | "word" | "sensitive" | "grounding";
  /** What was found: a topic, a kind of content, a word. */
  what: string;
  /** The match, a confidence or a score, as it was given. */
  detail: string | null;
  action: string;
}

export interface GuardrailReport {
  /** What the guardrail did on the whole, where it says so. */
  action: string | null;
  findings: readonly Finding[];
}

/** The report in a call's outputs; null where no guardrail spoke. */
export function readGuardrail(outputs: unknown): GuardrailReport | null {
  if (!isRecord(outputs)) return null;
  if (typeof outputs.action === "string" && Array.isArray(outputs.assessments)) {
    return { action: outputs.action, findings: (outputs.assessments as unknown[]).flatMap((each) => findingsOf(each, null)) };
  }
  const guardrail = traceOf(outputs);
  if (!guardrail) return null;
  const side = (value: unknown, name: "input" | "output"): Finding[] => {
    const assessments = isRecord(value) ? Object.values(value).flat() : Array.isArray(value) ? (value as unknown[]).flatMap((each) => (isRecord(each) ? Object.values(each).flat() : [])) : [];
    return assessments.flatMap((each) => findingsOf(each, name));
  };
  const findings = [
    ...side(guardrail.inputAssessment ?? guardrail.input, "input"),
    ...side(guardrail.outputAssessments ?? guardrail.outputs, "output"),
  ];
  return { action: typeof guardrail.actionReason === "string" ? guardrail.actionReason : null, findings };
}

function traceOf(outputs: Record<string, unknown>): Record<string, unknown> | null {
  const { metadata, body } = outputs;
  const places = [outputs.trace, isRecord(metadata) ? metadata.trace : null, isRecord(body) ? body["amazon-bedrock-trace"] : null];
  for (const place of places) if (isRecord(place) && isRecord(place.guardrail)) return place.guardrail;
  return null;
}

const LISTS: readonly (readonly [policy: string, list: string, kind: Finding["policy"], what: string, detail: readonly string[]])[] = [
  ["topicPolicy", "topics", "topic", "name", []],
  ["contentPolicy", "filters", "content", "type", ["confidence"]],
  ["wordPolicy", "customWords", "word", "match", []],
  ["wordPolicy", "managedWordLists", "word", "match", ["type"]],
  ["sensitiveInformationPolicy", "piiEntities", "sensitive", "type", ["match"]],
  ["sensitiveInformationPolicy", "regexes", "sensitive", "name", ["match"]],
  ["contextualGroundingPolicy", "filters", "grounding", "type", ["score", "threshold"]],
];

function findingsOf(assessment: unknown, side: Finding["side"]): Finding[] {
  if (!isRecord(assessment)) return [];
  return LISTS.flatMap(([policyName, listName, policy, what, detail]) => {
    const policyValue = assessment[policyName];
    const list = isRecord(policyValue) ? policyValue[listName] : null;
    if (!Array.isArray(list)) return [];
    return (list as unknown[]).filter(isRecord).map((each) => ({
      side,
      policy,
      what: word(each[what]) ?? policyName,
      detail: detail.map((name) => word(each[name])).filter((text) => text !== null).join(" / ") || null,
      action: word(each.action) ?? "",
    }));
  });
}

const word = (value: unknown): string | null => (typeof value === "string" ? value : typeof value === "number" ? String(value) : null);
