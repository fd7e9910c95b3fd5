// Span types gathered into the few kinds that have an icon and a hue.

export type SpanKind = "model" | "tool" | "agent" | "retrieval" | "embedding" | "guardrail" | "function";

const KINDS: Readonly<Record<string, SpanKind>> = {
  LLM: "model",
  CHAT_MODEL: "model",
  TOOL: "tool",
  AGENT: "agent",
  RETRIEVER: "retrieval",
  MEMORY: "retrieval",
  EMBEDDING: "embedding",
  RERANKER: "embedding",
  GUARDRAIL: "guardrail",
  EVALUATOR: "guardrail",
};

/** The kind of a span type; types that say nothing of their own are functions. */
export function spanKind(type: string): SpanKind {
  return KINDS[type] ?? "function";
}
