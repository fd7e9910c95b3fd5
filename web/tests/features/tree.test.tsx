// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderPage, spanDetail, spanSummary, summary, traceAnswers } from "../page";

const failure = { type: "ThrottlingException", message: "Slow down." };
const agent = spanDetail(spanSummary("agent", null, "AGENT", 1000, { duration_ns: 100_000_000 }));
const step = spanDetail(spanSummary("step", "agent", "CHAIN", 1000, { duration_ns: 50_000_000 }));
const failed = spanDetail(spanSummary("look_up", "step", "TOOL", 1010, { status: "ERROR", error: failure, duration_ns: 20_000_000 }));
const answer = spanDetail(spanSummary("chat", "agent", "CHAT_MODEL", 1060, { duration_ns: 40_000_000 }));
const answers = traceAnswers(agent, step, failed, answer);

const names = (tree: HTMLElement) => within(tree).getAllByRole("treeitem").map(({ id }) => id);

test("words find spans; keys go from match to match, and the address remembers both", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1?span=agent", answers);
  const tree = await screen.findByRole("tree");
  await user.keyboard("/");
  const field = screen.getByRole("textbox", { name: "Find spans" });
  expect(document.activeElement).toBe(field);
  await user.keyboard("throttling");
  expect(await screen.findByText("1")).toBeTruthy();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(page.at()).toContain("span=look_up"));
  await waitFor(() => expect(page.at()).toContain("find=throttling"));
  expect(screen.getByText("1 of 1")).toBeTruthy();
  expect(within(tree).getByText("look_up", { selector: "mark" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Clear the search" }));
  await waitFor(() => expect(page.at()).not.toContain("find="));
});

test("an error that is folded away is counted on what hides it, and found by its key", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1?span=agent", answers);
  const tree = await screen.findByRole("tree");
  await user.click(screen.getByRole("button", { name: "Fold all" }));
  expect(names(tree)).toEqual(["span-agent", "span-step", "span-chat"]);
  expect(within(tree).getByLabelText("1 failed span folded in here")).toBeTruthy();
  expect(within(tree).getByLabelText("1 folded").textContent).toBe("+1");
  await user.keyboard("e");
  await waitFor(() => expect(page.at()).toContain("span=look_up"));
  expect(names(tree)).toContain("span-look_up");
});

test("the time can be zoomed by keys and is shown whole again", async () => {
  const user = userEvent.setup();
  renderPage("/traces/t1?span=chat", answers);
  await screen.findByRole("tree");
  expect(screen.queryByRole("img", { name: /The whole trace/ })).toBeNull();
  await user.keyboard("z");
  expect(screen.getByRole("img", { name: /The whole trace/ })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show the whole time" }));
  expect(screen.queryByRole("img", { name: /The whole trace/ })).toBeNull();
  await user.keyboard("+");
  expect(screen.getByRole("button", { name: "Show the whole time" })).toBeTruthy();
  await user.keyboard("0");
  expect(screen.queryByRole("button", { name: "Show the whole time" })).toBeNull();
});

test("drawing over the waterfall zooms to what was drawn", async () => {
  renderPage("/traces/t1?span=chat", answers);
  const tree = await screen.findByRole("tree");
  HTMLElement.prototype.setPointerCapture = () => undefined;
  Element.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 400, 20);
  fireEvent.pointerDown(tree, { button: 0, clientX: 200, pointerType: "mouse" });
  fireEvent.pointerMove(tree, { clientX: 202 });
  fireEvent.pointerUp(tree, { clientX: 202 });
  expect(screen.queryByRole("button", { name: "Show the whole time" })).toBeNull();
  fireEvent.pointerDown(tree, { button: 0, clientX: 200, pointerType: "mouse" });
  fireEvent.pointerMove(tree, { clientX: 300 });
  fireEvent.pointerUp(tree, { clientX: 300 });
  expect(screen.getByRole("button", { name: "Show the whole time" })).toBeTruthy();
});

test("two fingers zoom the waterfall, one moves it in time, and one alone changes nothing of the whole", async () => {
  renderPage("/traces/t1?span=chat", answers);
  const tree = await screen.findByRole("tree");
  Element.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 400, 20);
  const finger = (pointerId: number, clientX: number) => ({ pointerId, clientX, pointerType: "touch" });
  const bar = () => tree.querySelector<HTMLElement>("[data-tip*='Since start']")?.style.left;
  const whole = () => screen.queryByRole("button", { name: "Show the whole time" });
  fireEvent.pointerDown(tree, finger(1, 100));
  fireEvent.pointerMove(tree, finger(1, 140));
  expect(whole()).toBeNull();
  fireEvent.pointerDown(tree, finger(2, 200));
  fireEvent.pointerMove(tree, finger(2, 320));
  expect(whole()).toBeTruthy();
  fireEvent.pointerUp(tree, finger(2, 320));
  const before = bar();
  fireEvent.pointerMove(tree, finger(1, 40));
  expect(bar()).not.toBe(before);
  fireEvent.pointerCancel(tree, finger(1, 40));
  const after = bar();
  fireEvent.pointerMove(tree, finger(1, 200));
  expect(bar()).toBe(after);
});

test("the critical path is a choice that stays", async () => {
  const user = userEvent.setup();
  renderPage("/traces/t1?span=chat", answers);
  const button = await screen.findByRole("button", { name: "Critical path" });
  expect(button.getAttribute("aria-pressed")).toBe("false");
  await user.click(button);
  expect(button.getAttribute("aria-pressed")).toBe("true");
  expect(window.localStorage.getItem("outcrop.criticalPath")).toBe("1");
});

test("a large trace is read in pages of its outline, and opens where it failed", async () => {
  const id = (n: number) => n.toString(16).padStart(16, "0");
  const spans = Array.from({ length: 1000 }, (_, i) => spanSummary(id(i + 1), i === 0 ? null : id(1), "AGENT", 1000 + i));
  const whole = Array.from({ length: 3000 }, (_, i) => i);
  const parentOf = (i: number): number => (i === 0 ? 0 : i < 1000 ? 1 : 2 + (i % 999));
  const page = (from: number, to: number, next: string | null) => {
    const part = whole.slice(from, to);
    const nulls = part.map(() => null);
    return {
      base_time_ns: "1000000000",
      span_ids: part.map((i) => id(i + 1)).join(""),
      parent_ids: part.map((i) => id(parentOf(i))).join(""),
      start_offsets_ns: part.map((i) => i * 1_000_000),
      durations_ns: part.map(() => 1_000_000),
      words: ["a span", "AGENT", "OK", "TOOL", "ERROR"],
      names: part.map(() => 0),
      types: part.map((i) => (i < 1000 ? 1 : 3)),
      statuses: part.map((i) => (i === 2345 ? 4 : 2)),
      models: nulls,
      failures: [failure],
      errors: part.map((i) => (i === 2345 ? 0 : null)),
      first_chunks_ns: nulls,
      input_tokens: nulls,
      output_tokens: nulls,
      costs_usd: nulls,
      next_after: next,
    };
  };
  const shown = renderPage("/traces/t1", {
    "/api/experiments": { experiments: [] },
    "/api/traces/t1": { info: summary("t1", 1000, { span_count: 3000 }), experiment_name: "demo", resource: {}, spans, spans_are_cut: true },
    "/api/traces/t1/outline": (url: string) => (url.includes("after=") ? page(2000, 3000, null) : page(0, 2000, id(2000))),
    [`/api/traces/t1/spans/${id(2346)}`]: spanDetail(spanSummary(id(2346), id(2), "TOOL", 1000, { status: "ERROR", error: failure })),
  });
  await waitFor(() => expect(shown.at()).toContain(`span=${id(2346)}`));
  const tree = screen.getByRole("tree");
  expect(tree.getAttribute("aria-busy")).toBe("false");
  expect(screen.queryByText(/of 3,000 spans/)).toBeNull();
  expect((await screen.findByRole("alert")).textContent).toContain("ThrottlingException");
});
