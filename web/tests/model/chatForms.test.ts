import { expect, test } from "vitest";
import { readCitations } from "@/model/citations";
import { readConversation } from "@/model/conversation";
import { readGuardrail } from "@/model/guardrail";
import { norm, outlineOf, readEmbeddings, readRerank } from "@/model/vectors";
import { chat, message } from "../make";

const V = [0.5, -0.5, 0.5, -0.5];
const W = [1, 0, 0, 0];

test.each([
  ["Titan", { body: { inputText: "a" } }, { body: { embedding: V, embeddingsByType: { float: V }, inputTextTokenCount: 1 } }, [["a", V, null]]],
  ["Titan by type alone", { body: { inputText: "a" } }, { body: { embeddingsByType: { binary: [1, 0, 1, 0], float: V } } }, [["a", [1, 0, 1, 0], "binary"], ["a", V, "float"]]],
  ["Cohere", { body: { texts: ["a", "b"], input_type: "search_document" } }, { body: { embeddings: [V, W] } }, [["a", V, null], ["b", W, null]]],
  ["Cohere by type", { body: { texts: ["a", "b"] } }, { body: { embeddings: { float: [V, W], int8: [W, W] } } }, [["a", V, "float"], ["b", W, "float"], ["a", W, "int8"], ["b", W, "int8"]]],
  ["Nova", { body: { singleEmbeddingParams: { text: { value: "a" } } } }, { body: { embeddings: [{ embeddingType: "TEXT", embedding: V }] } }, [["a", V, null]]],
  ["TwelveLabs of a picture", { body: { inputType: "image" } }, { body: { data: [{ embedding: V }] } }, [[null, V, null]]],
  ["another sender", "a", [V], [["a", V, null]]],
])("vectors of %s stand beside their texts", (_, inputs, outputs, wanted) => {
  expect(readEmbeddings(inputs, outputs)?.map(({ text, vector, form }) => [text, vector, form])).toEqual(wanted);
});

test("what holds no vector is no embedding; a vector has a length and a shape", () => {
  expect(readEmbeddings({ text: "a" }, { answer: "b", list: [1, 2] })).toBeNull();
  expect(norm(V)).toBe(1);
  expect(outlineOf([0, 2, -4, -4], 2)).toEqual([0.25, -1]);
  expect(outlineOf([0, 0, 0, 0], 4)).toEqual([0, 0, 0, 0]);
});

test("a rerank gives documents in their new order, in Cohere's form and in the agent runtime's", () => {
  const cohere = readRerank({ body: { query: "q", documents: ["x", { text: "y" }] } }, { body: { results: [{ index: 1, relevance_score: 0.9 }, { index: 0, relevance_score: 0.1 }] } });
  expect([cohere?.query, cohere?.sent, cohere?.ranked.map(({ index, score, text }) => [index, score, text])]).toEqual(["q", 2, [[1, 0.9, "y"], [0, 0.1, "x"]]]);
  const agent = readRerank(
    { queries: [{ type: "TEXT", textQuery: { text: "q" } }], sources: [{ type: "INLINE", inlineDocumentSource: { type: "TEXT", textDocument: { text: "x" } } }] },
    { results: [{ index: 0, relevanceScore: 0.4 }] },
  );
  expect([agent?.query, agent?.ranked[0]?.text, agent?.ranked[0]?.score]).toEqual(["q", "x", 0.4]);
  expect(readRerank({ query: "q" }, { results: "none" })).toBeNull();
  expect(readRerank({}, { results: [] })).toBeNull();
});

const ASSESSMENT = {
  topicPolicy: { topics: [{ name: "Investments", type: "DENY", action: "BLOCKED" }] },
  contentPolicy: { filters: [{ type: "HATE", confidence: "HIGH", action: "BLOCKED" }] },
  wordPolicy: { managedWordLists: [{ match: "darn", type: "PROFANITY", action: "BLOCKED" }] },
  sensitiveInformationPolicy: { piiEntities: [{ type: "PHONE", match: "123", action: "ANONYMIZED" }] },
  contextualGroundingPolicy: { filters: [{ type: "GROUNDING", score: 0.2, threshold: 0.7, action: "BLOCKED" }] },
};
const FOUND = [
  ["topic", "Investments", null, "BLOCKED"],
  ["content", "HATE", "HIGH", "BLOCKED"],
  ["word", "darn", "PROFANITY", "BLOCKED"],
  ["sensitive", "PHONE", "123", "ANONYMIZED"],
  ["grounding", "GROUNDING", "0.2 / 0.7", "BLOCKED"],
];

test.each([
  ["ApplyGuardrail", { action: "GUARDRAIL_INTERVENED", assessments: [ASSESSMENT], outputs: [] }, null],
  ["Converse, of the input", { trace: { guardrail: { inputAssessment: { "gr-1": ASSESSMENT } } } }, "input"],
  ["a stream, of the output", { metadata: { trace: { guardrail: { outputAssessments: { "gr-1": [ASSESSMENT] } } } } }, "output"],
  ["a body", { body: { "amazon-bedrock-trace": { guardrail: { input: { "gr-1": ASSESSMENT } } } } }, "input"],
])("a guardrail's findings are read from %s", (_, outputs, side) => {
  const report = readGuardrail(outputs);
  expect(report?.findings.map(({ policy, what, detail, action }) => [policy, what, detail, action])).toEqual(FOUND);
  expect(new Set(report?.findings.map((finding) => finding.side))).toEqual(new Set([side]));
});

test("where no guardrail spoke there is no report", () => {
  expect(readGuardrail({ output: {}, trace: { promptRouter: {} } })).toBeNull();
  expect(readGuardrail(null)).toBeNull();
});

test("citations are title, place and quote, of Converse and of Anthropic", () => {
  const [page, char, web] = readCitations([
    { title: "report", location: { documentPage: { documentIndex: 0, start: 1, end: 2 } }, sourceContent: [{ text: "Blue." }] },
    { type: "char_location", document_title: "notes", cited_text: "Green.", start_char_index: 5, end_char_index: 11 },
    { title: "site", location: { web: { url: "https://example.com/a" } } },
  ]);
  expect(page).toEqual({ title: "report", place: "p. 1–2", quotes: ["Blue."], url: null });
  expect(char).toEqual({ title: "notes", place: "5–11", quotes: ["Green."], url: null });
  expect(web).toMatchObject({ title: "site", url: "https://example.com/a" });
  expect(readCitations([{ location: { web: { url: "javascript:alert(1)" } } }])[0]?.url).toBeNull();
  expect(readCitations("none")).toEqual([]);
});

test("cache points, guarded text and citations are told apart in a conversation; a novel cache point stays as it is", () => {
  const { sent } = readConversation(
    chat([
      message(
        "user",
        { type: "text", content: "a", citations: [{ title: "t" }] },
        { type: "text", content: "b", guard: ["query"] },
        { type: "generic", value: { cachePoint: { type: "default" } } },
        { type: "generic", value: { cachePoint: { type: "default", ttl: "1h" } } },
      ),
    ]),
  );
  expect(sent[0]?.items.map((item) => item.kind)).toEqual(["text", "text", "cachePoint", "unknown"]);
  expect(sent[0]?.items).toMatchObject([{ citations: [{ title: "t" }], isGuarded: false }, { citations: [], isGuarded: true }, {}, {}]);
});
