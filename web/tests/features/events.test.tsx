// @vitest-environment jsdom
import { act, fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const MS = 1_000_000;
const words = ["One ", "two ", "three ", "four."];
const chunks = words.map((text, index) => ({ index, offset_ns: (400 + index * 100) * MS, type: "contentBlockDelta", block_index: 0, text, kind: "text" as const, size_bytes: 9, data: { n: index } }));
const usage = { input_tokens: 5, output_tokens: 30, total_tokens: 35, cache_read_input_tokens: null, cache_write_input_tokens: null };
const streamed = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000, { is_stream: true, duration_ns: 1000 * MS, usage }), {
  stream: { outcome: "complete", end_reason: "exhausted", chunks },
  events: [{ name: "outcrop.attempt", time_ns: "1390000000", attributes: { "outcrop.attempt.number": 1, "http.response.status_code": 200 } }],
});

const merged = () => screen.getByRole("region", { name: "Merged text" }).textContent;

test("the text is shown as it was at a moment, and chunks that had not come are faint", async () => {
  renderPage("/traces/t1?tab=events", traceAnswers(streamed));
  const place = await screen.findByRole("slider", { name: "Moment shown" });
  expect(merged()).toBe("One two three four.");
  expect(screen.getByText("100 tokens/s")).toBeTruthy();
  fireEvent.change(place, { target: { value: "550" } });
  expect(merged()).toBe("One two ");
  expect(place.getAttribute("aria-valuetext")).toBe("550 ms");
  fireEvent.change(place, { target: { value: "100" } });
  expect(screen.getByText("Nothing had come yet.")).toBeTruthy();
  fireEvent.change(place, { target: { value: "1000" } });
  expect(merged()).toBe("One two three four.");
});

test("it plays in the time that it took, faster when that is wished, and can be stopped", async () => {
  const frames: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frames.push(frame));
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  renderPage("/traces/t1?tab=events", traceAnswers(streamed));
  const pass = (ms: number) => act(() => frames.at(-1)?.(ms));
  await screen.findByRole("slider", { name: "Moment shown" });
  fireEvent.click(screen.getByRole("button", { name: "Play" }));
  pass(5000);
  pass(5450);
  expect(merged()).toBe("One ");
  fireEvent.click(screen.getByRole("button", { name: "Pause" }));
  expect(merged()).toBe("One ");
  fireEvent.change(screen.getByRole("combobox", { name: "Speed" }), { target: { value: "2" } });
  fireEvent.click(screen.getByRole("button", { name: "Play" }));
  pass(9000);
  pass(9100);
  expect(merged()).toBe("One two three ");
  pass(9300);
  // At its end all of it is shown, and it can be played again.
  expect(merged()).toBe("One two three four.");
  expect(screen.getByRole("button", { name: "Play" })).toBeTruthy();
});

test("chunks are shown one by one or merged by block, and the choice stays", async () => {
  const user = userEvent.setup();
  renderPage("/traces/t1?tab=events", traceAnswers(streamed));
  expect(within(await screen.findByRole("table", { name: "4 chunks" })).getAllByRole("row")).toHaveLength(5);
  await user.click(screen.getByRole("radio", { name: "Merged by block" }));
  const [, run] = within(screen.getByRole("table", { name: "Merged by block" })).getAllByRole("row");
  expect(run && within(run).getAllByRole("cell").map(({ textContent }) => textContent)).toEqual(["400 ms", "300 ms", "4", "contentBlockDelta", "One two three four."]);
  expect(window.localStorage.getItem("outcrop.chunks")).toBe("merged");
});

test("retries without a stream stand on an axis too, with the exception's stack trace below", async () => {
  const attempt = (n: number, ms: number, status: number) => ({ name: "outcrop.attempt", time_ns: `${1_000_000_000 + ms * MS}`, attributes: { "outcrop.attempt.number": n, "http.response.status_code": status } });
  const error = { type: "ThrottlingException", message: "Slow down." };
  const failed = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000, { status: "ERROR", error, duration_ns: 900 * MS }), {
    events: [attempt(1, 50, 429), attempt(2, 400, 429), { name: "exception", time_ns: "1900000000", attributes: { "exception.type": "ThrottlingException", "exception.message": "Slow down.", "exception.stacktrace": "Traceback: line 1" } }],
  });
  renderPage("/traces/t1?tab=events", traceAnswers(failed));
  expect(await screen.findByRole("figure", { name: "In time order" })).toBeTruthy();
  await userEvent.setup().click(screen.getByRole("button", { name: "Stack trace" }));
  expect(screen.getByText("Traceback: line 1")).toBeTruthy();
});
