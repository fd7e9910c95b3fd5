// @vitest-environment jsdom
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const cells = (row: HTMLElement) => within(row).getAllByRole("cell").map(({ textContent }) => textContent);

test("a rerank is a table in the new order", async () => {
  const span = spanDetail(spanSummary("rank", null, "RERANKER", 1000), {
    inputs: { body: { query: "Which city?", documents: ["Paris", "Cheese", "Berlin"] } },
    outputs: { body: { results: [{ index: 2, relevance_score: 0.8 }, { index: 0, relevance_score: 0.4 }] } },
  });
  renderPage("/traces/t1", traceAnswers(span));
  expect(await screen.findByText("Which city?")).toBeTruthy();
  expect(screen.getByText("2 of 3 documents")).toBeTruthy();
  expect(screen.getAllByRole("row").slice(1).map(cells)).toEqual([["1", "0.800", "Berlin", "3"], ["2", "0.400", "Paris", "1"]]);
});

test("an embedding says how long its vectors are; the numbers themselves are copied", async () => {
  const span = spanDetail(spanSummary("embed", null, "EMBEDDING", 1000), { inputs: { body: { texts: ["one", "two"] } }, outputs: { body: { embeddings: [[1, 0, 0, 0], [0.6, 0.8, 0, 0]] } } });
  renderPage("/traces/t1", traceAnswers(span));
  expect((await screen.findAllByRole("row")).slice(1).map(cells)).toEqual([["one", "", "4", "1.000", ""], ["two", "", "4", "1.000", ""]]);
  expect(screen.getAllByRole("button", { name: "Copy the vector" })).toHaveLength(2);
});

test("sources fold under their text, and a guardrail's findings stand below the answer", async () => {
  const span = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
    outputs: { trace: { guardrail: { inputAssessment: { g: { topicPolicy: { topics: [{ name: "Investments", action: "BLOCKED" }] } } } } } },
    chat: {
      system: [{ type: "text", content: "Be kind." }, { type: "generic", value: { cachePoint: { type: "default" } } }],
      tools: [],
      parameters: {},
      messages: [{ role: "user", parts: [{ type: "text", content: "look at this", guard: ["query"] }] }],
      output: [{ role: "assistant", parts: [{ type: "text", content: "It is blue.", citations: [{ title: "report", sourceContent: [{ text: "Blue." }] }] }] }],
    },
  });
  renderPage("/traces/t1", traceAnswers(span));
  await userEvent.setup().click(await screen.findByRole("button", { name: "1 source" }));
  expect(screen.getByText("“Blue.”")).toBeTruthy();
  expect(screen.getByText("Cache point")).toBeTruthy();
  expect(screen.getByText("Guarded")).toBeTruthy();
  expect(cells(screen.getByRole("row", { name: /Denied topic/ }))).toEqual(["Denied topic input", "Investments ", "BLOCKED"]);
});

test.each([["RETRIEVER", "found"], ["RERANKER", "ranked"]])("what a %s of another sender gave is a table with scores, words and sources", async (type, role) => {
  const span = spanDetail(spanSummary("look", null, type, 1000), {
    inputs: "weather in Oslo",
    outputs: [{ id: "d1", content: "Oslo: 4 °C", score: 0.91, metadata: { source: "met.no" } }, { id: "d2", content: "Bergen", score: 0.4 }],
  });
  renderPage("/traces/t1", traceAnswers(span));
  expect(await screen.findByText("weather in Oslo")).toBeTruthy();
  expect(screen.getByText(role)).toBeTruthy();
  expect(screen.getByText("2 documents")).toBeTruthy();
  const [first, second] = screen.getAllByRole("row").slice(1).map(cells);
  expect(first?.slice(0, 2)).toEqual(["1", "0.910"]);
  expect(first?.[2]).toMatch(/^d1Oslo: 4 °C.*met\.no/);
  expect(second).toEqual(["2", "0.400", "d2Bergen"]);
});

test("an embedding that says but what was embedded does not claim that nothing came back", async () => {
  const chat = { system: [], tools: [], parameters: {}, messages: [{ role: "user", parts: [{ type: "text", content: "Oslo weather" }] }], output: [] };
  renderPage("/traces/t1", traceAnswers(spanDetail(spanSummary("embed", null, "EMBEDDING", 1000), { chat })));
  expect(await screen.findByText("Oslo weather")).toBeTruthy();
  expect(screen.queryByText("Nothing came back.")).toBeNull();
});

test("a glimpse of thoughts is marked as cut only where it is", async () => {
  const thought = (content: string) => ({ type: "reasoning", content });
  const chat = { system: [], tools: [], parameters: {}, messages: [], output: [{ role: "assistant", parts: [thought("Look\nit up.\n"), thought("word ".repeat(40))] }] };
  renderPage("/traces/t1", traceAnswers(spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), { chat })));
  expect(await screen.findByText("Look it up.")).toBeTruthy();
  expect(screen.getByText(/^(word ){18}…$/)).toBeTruthy();
});
