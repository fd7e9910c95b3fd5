// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderPage, spanDetail, spanSummary, summary, traceAnswers } from "../page";

const agent = spanDetail(spanSummary("agent", null, "AGENT", 1000, { duration_ns: 100_000_000 }), { inputs: { city: "Oslo" } });
const tool = spanDetail(spanSummary("get_weather", "agent", "TOOL", 1010), { outputs: "sunny" });
const answer = spanDetail(spanSummary("chat", "agent", "CHAT_MODEL", 1020, { finish_reason: "end_turn" }), {
  chat: {
    system: [],
    tools: [{ name: "get_weather", description: null, parameters: { type: "object" } }, { name: "get_tide", description: null }],
    parameters: { temperature: 0.2 },
    messages: [
      { role: "user", parts: [{ type: "text", content: "How is Oslo?" }] },
      { role: "assistant", parts: [{ type: "tool_call", id: "1", name: "get_weather", arguments: { city: "Oslo" } }] },
      { role: "user", parts: [{ type: "tool_call_response", id: "1", response: [{ type: "text", content: "sunny" }] }] },
    ],
    output: [{ role: "assistant", parts: [{ type: "text", content: "It is **sunny**." }], finish_reason: "end_turn" }],
  },
  attributes: { "b.key": 1, "a.key": "x" },
});

test("a trace opens at the last model call, and the tabs have their names", async () => {
  const page = renderPage("/traces/t1", traceAnswers(agent, tool, answer));
  const tree = await screen.findByRole("tree", { name: "Spans" });
  expect(within(tree).getAllByRole("treeitem").map((item) => item.getAttribute("aria-level"))).toEqual(["1", "2", "2"]);
  await waitFor(() => expect(page.at()).toContain("span=chat"));
  expect(screen.getAllByRole("tab").map(({ textContent }) => textContent)).toEqual(["Chat", "Inputs / Outputs", "Events", "Attributes", "Feedback", "Code"]);
});

test("a trace that runs still, and one that is shown in part, say so", async () => {
  const answers = traceAnswers(agent);
  const info = summary("t1", 1000, { state: "IN_PROGRESS", span_count: 50_001 });
  const whole = answers["/api/traces/t1"] as object;
  // The rest of it cannot be had.
  renderPage("/traces/t1", { ...answers, "/api/traces/t1": { ...whole, info, spans_are_cut: true }, "/api/traces/t1/outline": 500 });
  expect(await screen.findByText("Still running")).toBeTruthy();
  expect(await screen.findByText("Could not load all spans of this trace")).toBeTruthy();
  expect(screen.getByText("1 of 50,001 spans")).toBeTruthy();
  // What it says of its status so far is some span's.
  expect(screen.queryByText("OK")).toBeNull();
});

test("a trace that ended without a status does not say that it runs", async () => {
  const answers = traceAnswers(agent);
  const whole = answers["/api/traces/t1"] as object;
  renderPage("/traces/t1", { ...answers, "/api/traces/t1": { ...whole, info: summary("t1", 1000, { status: "UNSET" }) } });
  expect(await screen.findByText("No status")).toBeTruthy();
  expect(screen.queryByText("Still running")).toBeNull();
});

test("a tool call and its result are one line that unfolds, and lead to the tool's span", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1", traceAnswers(agent, tool, answer));
  const line = await screen.findByRole("button", { name: /get_weather .*city: "Oslo".*"sunny"/ });
  expect(screen.queryByText("Arguments")).toBeNull();
  await user.click(line);
  expect(screen.getByText("Arguments")).toBeTruthy();
  expect(line.getAttribute("aria-expanded")).toBe("true");
  await user.click(screen.getByRole("button", { name: "Open span" }));
  await waitFor(() => expect(page.at()).toContain("span=get_weather"));
  expect((await screen.findAllByText("sunny")).length).toBeGreaterThan(0);
});

test("markdown is rendered, parameters and the finish reason are said, called tools are marked", async () => {
  renderPage("/traces/t1", traceAnswers(agent, tool, answer));
  expect((await screen.findByText("sunny", { selector: "strong" })).tagName).toBe("STRONG");
  expect(screen.getByText("end_turn")).toBeTruthy();
  expect(screen.getByText("0.2")).toBeTruthy();
  const offered = screen.getByRole("button", { name: "2 tools offered" });
  expect(within(offered).getAllByLabelText("called")).toHaveLength(1);
});

test("tabs are in the URL, by click and by number", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1", traceAnswers(agent, tool, answer));
  await screen.findByText("How is Oslo?");
  await user.click(screen.getByRole("tab", { name: "Attributes" }));
  await waitFor(() => expect(page.at()).toContain("tab=attributes"));
  expect((await screen.findAllByRole("rowheader")).map(({ textContent }) => textContent)).toEqual(["a.key", "b.key", "service.name"]);
  await user.keyboard("1");
  await waitFor(() => expect(page.at()).toContain("tab=chat"));
});

test("earlier messages are folded away and can be seen", async () => {
  const history = Array.from({ length: 40 }, (_, i) => ({ role: i % 2 === 0 ? "user" : "assistant", parts: [{ type: "text", content: `turn ${i}` }] }));
  const long = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
    chat: { system: [], tools: [], parameters: {}, messages: [...history, { role: "user", parts: [{ type: "text", content: "the new one" }] }], output: [] },
  });
  renderPage("/traces/t1", traceAnswers(long));
  const fold = await screen.findByRole("button", { name: "40 earlier messages" });
  expect(screen.getByText("the new one")).toBeTruthy();
  expect(screen.queryByText("turn 7")).toBeNull();
  await userEvent.setup().click(fold);
  expect(screen.getByText("turn 7")).toBeTruthy();
});

test("an error is said with type and message, also where nothing came back", async () => {
  const error = { type: "ValidationException", message: "The model id is invalid." };
  const failed = spanDetail(spanSummary("chat", "agent", "CHAT_MODEL", 1030, { status: "ERROR", error }), {
    chat: { system: [], tools: [], parameters: {}, messages: [{ role: "user", parts: [{ type: "text", content: "hi" }] }], output: [] },
  });
  renderPage("/traces/t1", traceAnswers(agent, failed));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("ValidationException");
  expect(alert.textContent).toContain("The model id is invalid.");
});

test("what is not known is shown where it stood; encrypted reasoning is said to be so", async () => {
  const odd = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
    chat: {
      system: [],
      tools: [],
      parameters: {},
      messages: [{ role: "user", parts: [{ type: "generic", value: { cachePoint: { kind: "novel" } } }] }],
      output: [{ role: "assistant", parts: [{ type: "reasoning", content: null, redacted: "QUJD" }] }],
    },
  });
  renderPage("/traces/t1", traceAnswers(odd));
  expect(await screen.findByText("cachePoint")).toBeTruthy();
  expect(screen.getByText("Reasoning, encrypted by the provider")).toBeTruthy();
});

test("what a model writes is never run, and its pictures are never fetched", async () => {
  const hostile = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
    chat: { system: [], tools: [], parameters: {}, messages: [], output: [{ role: "assistant", parts: [{ type: "text", content: '<img src=x onerror="alert(1)"> ![spy](https://example.com/p.png) [go](javascript:alert(1))' }] }] },
  });
  renderPage("/traces/t1", traceAnswers(hostile));
  expect((await screen.findByText("spy")).tagName).toBe("A");
  expect(document.querySelector("img")).toBeNull();
  expect(screen.getByText("go").getAttribute("href") ?? "").not.toContain("javascript");
});

test("a stream shows how it ended and its chunks with their times", async () => {
  const chunks = Array.from({ length: 30 }, (_, index) => ({ index, offset_ns: 400_000_000 + index * 10_000_000, type: "contentBlockDelta", block_index: 0, text: `w${index} `, kind: "text" as const, size_bytes: 9, data: { n: index } }));
  const streamed = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000, { is_stream: true, duration_ns: 800_000_000 }), { stream: { outcome: "cancelled", end_reason: "closed", chunks } });
  renderPage("/traces/t1?tab=events", traceAnswers(streamed));
  expect(await screen.findByText("Stopped by the caller")).toBeTruthy();
  const table = screen.getByRole("table", { name: "30 chunks" });
  const [, , second] = within(table).getAllByRole("row");
  expect(second && within(second).getAllByRole("cell").map(({ textContent }) => textContent)).toEqual(["1", "10 ms", "410 ms", "+10 ms", "contentBlockDelta", "w1 "]);
});

test("keys move in the tree and fold it", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1?span=agent", traceAnswers(agent, tool, answer));
  const tree = await screen.findByRole("tree");
  tree.focus();
  await user.keyboard("{ArrowLeft}");
  expect(within(tree).getAllByRole("treeitem")).toHaveLength(1);
  await user.keyboard("{ArrowRight}{ArrowDown}");
  await waitFor(() => expect(page.at()).toContain("span=get_weather"));
  await user.keyboard("j");
  await waitFor(() => expect(page.at()).toContain("span=chat"));
  await user.keyboard("{Escape}");
  await waitFor(() => expect(page.at()).toBe("/traces?at=t1"));
});

test("a trace that is not there says so", async () => {
  renderPage("/traces/t1", { "/api/experiments": { experiments: [] } });
  expect(await screen.findByText("Could not load this trace")).toBeTruthy();
});
