// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { components } from "@/api/generated/schema";
import { renderPage, spanDetail, spanSummary, summary } from "../page";

type Schemas = components["schemas"];

const chatSpan = (id: string, durationMs: number): Schemas["SpanSummary"] =>
  spanSummary(id, null, "CHAT_MODEL", 1000, { name: "chat", duration_ns: durationMs * 1e6, finish_reason: "end_turn" });

const chatOf = (question: string, answer: string, temperature: number): Schemas["Chat"] => ({
  system: [{ type: "text", content: "You are kind." }],
  messages: [{ role: "user", parts: [{ type: "text", content: question }] }],
  output: [{ role: "assistant", parts: [{ type: "text", content: answer }], finish_reason: "end_turn" }],
  tools: [],
  parameters: { temperature, max_tokens: 100 },
});

const TRACES = {
  a: { span: chatSpan("sa", 1000), chat: chatOf("Where is my parcel?", "It is on its way.", 0.1) },
  b: { span: chatSpan("sb", 1500), chat: chatOf("Where is my refund?", "It is on its way.", 0.7) },
  c: { span: chatSpan("sc", 500), chat: chatOf("Hello", "Hi!", 0.1) },
};

function open(items: string, more: Record<string, unknown> = {}) {
  const answers: Record<string, unknown> = { "/api/experiments": { experiments: [] }, "/api/traces": { traces: [], next_cursor: null } };
  for (const [id, { span, chat }] of Object.entries(TRACES)) {
    const info = summary(id, 1000, { name: `agent_${id}`, duration_ns: span.duration_ns });
    answers[`/api/traces/${id}`] = { info, experiment_name: "demo", resource: {}, spans: [span], spans_are_cut: false };
    answers[`/api/traces/${id}/spans/${span.span_id}`] = spanDetail(span, { chat });
  }
  const page = renderPage(`/compare?items=${items}`, { ...answers, ...more });
  const reading = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    if (init.method === undefined) return reading(url, init);
    const { trace_ids: ids } = JSON.parse(init.body as string) as { trace_ids: (keyof typeof TRACES)[] };
    const spans = ids.map((id) => ({ span: TRACES[id].span, difference: null }));
    return Promise.resolve(Response.json({ traces: [], groups: [], is_complete: true, spans: [{ name: "chat", depth: 0, spans }] }));
  });
  return page;
}

const line = (name: string) => screen.getByRole("rowheader", { name }).closest("tr")?.textContent;

test("two traces stand side by side, with what differs and by how much", async () => {
  open("a,b");
  expect(await screen.findByRole("link", { name: "agent_a" })).toBeTruthy();
  expect(line("Latency")).toBe("Latency1.00 s1.50 s+500 ms");
  await waitFor(() => expect(line("temperature")).toBe("temperature0.10.7"));
  const prompt = await screen.findByRole("region", { name: "Prompt" });
  expect([...prompt.querySelectorAll("del")].map(({ textContent }) => textContent)).toEqual(["parcel"]);
  expect([...prompt.querySelectorAll("ins")].map(({ textContent }) => textContent)).toEqual(["refund"]);
  expect(screen.getByRole("region", { name: "Answer" }).textContent).toContain("no difference");
  await userEvent.setup().click(screen.getByRole("checkbox", { name: "Differences only" }));
  expect(screen.queryByRole("rowheader", { name: "max_tokens" })).toBeNull();
  expect(line("temperature")).toBeTruthy();
});

test("of three, the first is held against the one that is chosen, and another can come first", async () => {
  const user = userEvent.setup();
  const page = open("a,b,c");
  await screen.findByRole("link", { name: "agent_a" });
  await user.click(await screen.findByRole("button", { name: "1 ↔ 3" }));
  const answer = await screen.findByRole("region", { name: "Answer" });
  expect(answer.querySelector("ins")?.textContent).toContain("Hi");
  expect(page.at()).toContain("other=2");
  const [, last] = screen.getAllByRole("button", { name: "Compare the others with this one" });
  if (!last) throw new Error("no third column");
  await user.click(last);
  await waitFor(() => expect(page.at()).toBe("/compare?items=c%2Ca%2Cb"));
  await user.click(await screen.findByRole("button", { name: "Leave agent_a out" }));
  await waitFor(() => expect(page.at()).toBe("/compare?items=c%2Cb"));
});

test("single spans are compared as they are", async () => {
  open("a:sa,b:sb");
  expect((await screen.findAllByRole("link", { name: "chat" })).map((link) => link.getAttribute("href"))).toEqual(["/traces/a?span=sa", "/traces/b?span=sb"]);
  expect(await screen.findByRole("region", { name: "Prompt" })).toBeTruthy();
  expect(line("Latency")).toContain("+500 ms");
});

test("one alone asks for another, which a pasted id or one of the same name is", async () => {
  const user = userEvent.setup();
  const id = "0123456789abcdef0123456789abcdef";
  const page = open("a", { "/api/traces": { traces: [summary("a", 9), summary("b", 8, { request_preview: "Where is my refund?" })], next_cursor: null } });
  expect(await screen.findByText(/One more is needed/)).toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Of the same name" }));
  await user.click(await screen.findByRole("menuitem", { name: /Where is my refund/ }));
  await waitFor(() => expect(page.at()).toBe("/compare?items=a%2Cb"));
  await user.type(screen.getByRole("textbox", { name: "Trace id or address" }), `http://x/traces/${id}?span=0123456789abcdef{Enter}`);
  await waitFor(() => expect(page.at()).toBe(`/compare?items=a%2Cb%2C${id}%3A0123456789abcdef`));
});

test("a trace that is gone says so in place", async () => {
  open("a,gone");
  const alert = await screen.findByRole("alert");
  expect(within(alert).getByText("Could not load what is to be compared")).toBeTruthy();
});
