// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { FromWorker, ToWorker } from "@/api/payloadMessages";
import { JsonViewer } from "@/model/jsonViewer";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const part = { name: "request-body" as const, size_bytes: 20_100_000, content_type: "application/json", path: "/api/traces/t1/spans/chat/payload/request-body", is_derived: false };
const cut = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
  inputs: { messages: ["beginning"] },
  outputs: { stop: "end" },
  cut_members: ["inputs", "chat"],
  payload_parts: [part],
  chat: { system: [], tools: [], parameters: {}, messages: [], output: [] },
});

test("what was cut is loaded on demand with progress, and can be downloaded as it was", async () => {
  const user = userEvent.setup();
  const viewer = new JsonViewer({ value: { messages: ["beginning", "and the end"] } });
  const workers: { onmessage: ((event: { data: FromWorker }) => void) | null; heard: ToWorker[] }[] = [];
  vi.stubGlobal(
    "Worker",
    class {
      onmessage: ((event: { data: FromWorker }) => void) | null = null;
      heard: ToWorker[] = [];
      constructor() {
        workers.push(this);
      }
      postMessage(message: ToWorker): void {
        this.heard.push(message);
        if (message.kind === "rows") queueMicrotask(() => this.onmessage?.({ data: { kind: "rows", from: message.from, rows: viewer.rows(message.from, message.to), turn: message.turn } }));
      }
      terminate(): void {
        this.onmessage = null;
      }
    },
  );
  renderPage("/traces/t1?span=chat&tab=io", traceAnswers(cut));
  await user.click(await screen.findByRole("button", { name: "Load all of it (20.1 MB)" }));
  const [worker] = workers;
  expect(worker?.heard).toEqual([{ kind: "load", path: part.path, size: 20_100_000 }]);
  worker?.onmessage?.({ data: { kind: "progress", done: 4_000_000 } });
  expect(await screen.findByText("4.0 MB of 20.1 MB")).toBeTruthy();
  worker?.onmessage?.({ data: { kind: "ready", state: viewer.state() } });
  expect(await screen.findByText("All of it, as captured: 20.1 MB")).toBeTruthy();
  expect(await screen.findByText("and the end")).toBeTruthy();
  const link = screen.getByRole("link", { name: "Request body" });
  expect([link.getAttribute("href"), link.getAttribute("download")]).toEqual([part.path, "chat-request-body.json"]);
});

test("what a stream was put together to can be had whole, too, and is told from what was captured", async () => {
  const outputs = { name: "outputs", size_bytes: 3_000_000, content_type: "application/json", path: "/api/traces/t1/spans/chat/payload/outputs", is_derived: true };
  const stream = { ...outputs, name: "stream", is_derived: false };
  renderPage("/traces/t1?span=chat&tab=io", traceAnswers({ ...cut, cut_members: ["outputs"], payload_parts: [stream, outputs] }));
  expect(await screen.findByRole("button", { name: "Load all of it (3.0 MB)" })).toBeTruthy();
  expect(screen.getAllByRole("link").flatMap((link) => (link.getAttribute("href")?.includes("/payload/") ? [link.textContent.trim()] : []))).toEqual(["Stream", "Outputs, put together"]);
});

test("a chat that is shown in part says so and leads to the whole", async () => {
  const page = renderPage("/traces/t1?span=chat", traceAnswers(cut));
  await userEvent.setup().click(await screen.findByRole("button", { name: "See all of it in Inputs / Outputs" }));
  await waitFor(() => expect(page.at()).toContain("tab=io"));
});

test.each(["attributes", "events"])("%s that are shown in part say so, too, and lead to the whole", async (tab) => {
  const page = renderPage(`/traces/t1?span=chat&tab=${tab}`, traceAnswers({ ...cut, cut_members: [tab], events: [{ name: "exception", time_ns: "1000000000", attributes: {} }] }));
  await userEvent.setup().click(await screen.findByRole("button", { name: "See all of it in Inputs / Outputs" }));
  await waitFor(() => expect(page.at()).toContain("tab=io"));
});

test("words are found inside of inputs, folded or not", async () => {
  const user = userEvent.setup();
  const deep = spanDetail(spanSummary("tool", null, "TOOL", 1000), { inputs: { a: { b: { city: "Oslo" } } } });
  renderPage("/traces/t1?span=tool&tab=io", traceAnswers(deep));
  await user.click((await screen.findAllByRole("button", { name: "Fold" }))[0] ?? document.body);
  expect(screen.queryByText("Oslo")).toBeNull();
  await user.type(screen.getByRole("textbox", { name: "Find inside: Inputs" }), "oslo{Enter}");
  expect(await screen.findByText("Oslo", { selector: "mark" })).toBeTruthy();
  expect(screen.getByText("1 of 1")).toBeTruthy();
});
