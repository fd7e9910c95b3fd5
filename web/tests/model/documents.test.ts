import { expect, test } from "vitest";
import { readDocuments } from "@/model/documents";

const plain = { text: "Oslo", id: null, score: null, rest: {} };

test.each([
  ["OpenInference", [{ id: "d1", content: "Oslo", score: 0.9, metadata: { page: 3 } }], [{ text: "Oslo", id: "d1", score: 0.9, rest: { metadata: { page: 3 } } }]],
  ["LangChain", [{ id: null, page_content: "Oslo", metadata: {}, type: "Document" }], [{ ...plain, rest: { type: "Document" } }]],
  ["Bedrock", { retrievalResults: [{ content: { text: "Oslo", type: "TEXT" }, score: 0 }] }, [{ ...plain, score: 0 }]],
  ["Cohere", { results: [{ index: 2, relevance_score: 0.5, document: { text: "Oslo" } }] }, [{ ...plain, score: 0.5, rest: { index: 2 } }]],
])("documents as %s writes them down", (_sender, outputs, documents) => {
  expect(readDocuments(outputs)).toEqual(documents);
});

test.each([[null], ["Oslo"], [[]], [["Oslo"]], [[{ id: "d1", score: 0.5 }]], [[{ content: "Oslo" }, { id: "d2" }]], [{ documents: "Oslo" }]])("%j holds no documents with words", (outputs) => {
  expect(readDocuments(outputs)).toBeNull();
});
