// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderPage, summary, traceAnswers } from "../page";

const list = (...ids: string[]) => ({ traces: ids.map((id, i) => summary(id, 9000 - i)), next_cursor: null });
const NONE = { "/api/experiments": { experiments: [] } };
const selected = () => screen.getAllByRole("row").findIndex((row) => row.getAttribute("aria-current") === "true") - 1;

test("a row says what was asked and answered, and its figures", async () => {
  renderPage("/traces", { ...NONE, "/api/traces": list("a") });
  const row = await screen.findByRole("row", { name: /agent_a/ });
  expect(row.textContent).toContain("What is asked→What is answered");
  expect(row.textContent).toContain("nova pro");
  expect(row.textContent).toContain("2.31 s");
  expect(row.textContent).toContain("1,204 → 356");
  expect(row.textContent).toContain("$0.0041");
  expect(within(row).getByLabelText("No streamed call in this trace").textContent).toBe("–");
});

test("a row shows markdown as plain words, and marks what is looked for in them", async () => {
  const table = "| Leaves | Sleeper | |---|---| | 22:47 | yes | The **22:47** has a `bed`.";
  const marked = summary("m", 9000, { request_preview: "# Role **Day one.** snake_case", response_preview: table });
  renderPage("/traces?filter=%22day%20one.%20snake%22", { ...NONE, "/api/traces": { traces: [marked], next_cursor: null } });
  const row = await screen.findByRole("row", { name: /agent_m/ });
  expect(row.textContent).toContain("Role Day one. snake_case→Leaves · Sleeper; 22:47 · yes. The 22:47 has a bed.");
  expect(row.querySelector("mark")?.textContent).toBe("Day one. snake");
});

test("an error row says its code and attempts", async () => {
  const failed = summary("x", 9000, { status: "ERROR", attempts: 3, error: { type: "ThrottlingException", message: "slow down" } });
  renderPage("/traces", { ...NONE, "/api/traces": { traces: [failed], next_cursor: null } });
  expect(await screen.findByText("ThrottlingException · 3 attempts")).toBeTruthy();
});

test("an unknown cost says why, and a sum that is not the whole says so", async () => {
  const unknown = summary("u", 9000, { cost_usd: null, cost_reason: "unknown-model" });
  const partial = summary("p", 8000, { cost_usd: 0.5, cost_is_partial: true, cost_reason: "hidden-model" });
  renderPage("/traces", { ...NONE, "/api/traces": { traces: [unknown, partial], next_cursor: null } });
  const first = await screen.findByRole("row", { name: /agent_u/ });
  expect(within(first).getByLabelText(/no price is known for this model/).textContent).toBe("–");
  expect(screen.getByRole("row", { name: /agent_p/ }).textContent).toContain("≥ $0.500");
});

test("j and k move, the URL keeps the place, and Enter opens", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces?experiment=/Shared/demo", { ...NONE, "/api/traces": list("a", "b", "c") });
  await screen.findByText("agent_a");
  await user.keyboard("jj");
  await waitFor(() => expect(selected()).toBe(1));
  await user.keyboard("jjk");
  await waitFor(() => expect(page.at()).toBe("/traces?experiment=/Shared/demo&at=b"));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(page.at()).toContain("/traces/b?experiment=/Shared/demo"));
});

test("keys do nothing while someone types", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", { ...NONE, "/api/traces": list("a", "b") });
  await screen.findByText("agent_a");
  await user.type(screen.getByRole("combobox", { name: "Experiment" }), "j");
  expect(page.at()).toBe("/traces");
});

test("? lists the keys", async () => {
  const user = userEvent.setup();
  renderPage("/traces", { ...NONE, "/api/traces": list("a") });
  await screen.findByText("agent_a");
  await user.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keys" })).toBeTruthy();
});

test("newer traces wait behind a button", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let now = list("a");
  renderPage("/traces", { ...NONE, "/api/traces": () => now });
  await screen.findByText("agent_a");
  now = { traces: [summary("new", 9500), ...now.traces], next_cursor: null };
  await act(() => vi.advanceTimersByTimeAsync(4500));
  const button = await screen.findByRole("button", { name: "1 new" });
  expect(screen.queryByText("agent_new")).toBeNull();
  await userEvent.setup({ advanceTimers: vi.advanceTimersByTime }).click(button);
  expect(await screen.findByText("agent_new")).toBeTruthy();
});

test("the first run shows the lines to paste, what to check later, and then the first trace by itself", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let now = list();
  renderPage("/traces", { ...NONE, "/api/traces": () => now });
  await screen.findByRole("heading", { name: "Waiting for the first trace" });
  expect(screen.getByText(/outcrop.set_tracking_uri\("http:\/\/localhost/)).toBeTruthy();
  expect(screen.queryByText("Nothing yet? Check these:")).toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(21_000));
  expect(screen.getByText("Nothing yet? Check these:")).toBeTruthy();
  now = list("first");
  await act(() => vi.advanceTimersByTimeAsync(4500));
  expect(await screen.findByText("agent_first")).toBeTruthy();
});

test("a refused request says what failed and can be tried again in place", async () => {
  let now: unknown = 500;
  renderPage("/traces", { ...NONE, "/api/traces": () => now });
  expect(await screen.findByText("Could not load the traces")).toBeTruthy();
  expect(screen.getByText(/The disk is full/)).toBeTruthy();
  now = list("a");
  await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("agent_a")).toBeTruthy();
});

test("the page speaks Japanese when asked to, and remembers it", async () => {
  const user = userEvent.setup();
  renderPage("/traces", { ...NONE, "/api/traces": list("a") });
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Language" }));
  await user.click(await screen.findByRole("menuitemradio", { name: "日本語" }));
  expect(await screen.findByRole("heading", { name: "トレース" })).toBeTruthy();
  expect(window.localStorage.getItem("outcrop.language")).toBe("ja");
});

const SOME = {
  ...NONE,
  "/api/traces": list("a", "b"),
  "/api/traces/count": { count: 2, is_exact: true },
  "/api/timeline": { interval_s: 60, since_ns: "0", until_ns: "60000000000", bars: [{ start_ns: "0", count: 2, errors: 1 }], is_exact: true },
  "/api/facets": {
    trace_count: 2,
    is_exact: true,
    facets: { status: [{ value: "ERROR", count: 1, key: null }], model: [{ value: "amazon.nova-pro-v1:0", count: 2, key: null }], tag: [{ value: "blue", count: 1, key: "team" }] },
  },
};
const askedFor = (asked: { mock: { calls: string[][] } }, path: string) =>
  asked.mock.calls.map(([url]) => new URL(url ?? "", "http://localhost")).filter(({ pathname }) => pathname === path);

test("a filter is completed, asked of the server and kept in the URL", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", SOME);
  await screen.findByText("agent_a");
  await user.keyboard("/");
  const field = screen.getByRole("combobox", { name: "Filter traces" });
  expect(document.activeElement).toBe(field);
  await user.keyboard("sta{Tab}={Enter}");
  // The list of values stands open by now, and nothing of it is chosen: Enter asked.
  await waitFor(() => expect(page.at()).toBe("/traces?filter=status+%3D"));
  await user.keyboard("/");
  await user.keyboard("{Control>}a{/Control}status = {ArrowDown}");
  expect(screen.getByRole("option", { name: "'ERROR'", selected: true })).toBeTruthy();
  await user.keyboard("{Enter}{Enter}");
  await waitFor(() => expect(page.at()).toBe("/traces?filter=status+%3D+%27ERROR%27"));
  expect(askedFor(page.asked, "/api/traces").at(-1)?.searchParams.get("filter")).toBe("status = 'ERROR'");
  expect(await screen.findByText("2 traces")).toBeTruthy();
});

test("a wrong filter says what is wrong, where, and what was meant", async () => {
  const user = userEvent.setup();
  const fault = { message: "There is no field 'statos'.", column: 1, suggestion: "status", excerpt: "  statos = 'OK'\n  ^" };
  const wrong = () => ({ status: 400, body: { title: "Bad Request", status: 400, detail: "No.", filter_fault: fault } });
  const page = renderPage("/traces?filter=statos+%3D+'OK'", { ...SOME, "/api/traces": (url: string) => (url.includes("statos") ? wrong() : list("a")) });
  expect((await screen.findByRole("alert")).textContent).toContain("There is no field 'statos'.");
  expect(screen.getByRole("combobox", { name: "Filter traces" }).getAttribute("aria-invalid")).toBe("true");
  await user.click(screen.getByRole("button", { name: "Use status" }));
  await waitFor(() => expect(page.at()).toBe("/traces?filter=status+%3D+%27OK%27"));
  expect(await screen.findByText("agent_a")).toBeTruthy();
});

test("a facet's value goes into the filter, and out of it", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces?filter=latency+>+2s", SOME);
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Facets" }));
  const pane = await screen.findByRole("complementary", { name: "Facets" });
  await user.click(await within(pane).findByRole("button", { name: /nova pro/ }));
  await waitFor(() => expect(page.at()).toContain("filter=latency+%3E+2s+AND+model+%3D+%27amazon.nova-pro-v1%3A0%27"));
  const chosen = await within(pane).findByRole("button", { name: /nova pro/, pressed: true });
  await user.click(chosen);
  await waitFor(() => expect(page.at()).toBe("/traces?filter=latency+%3E+2s"));
  expect(within(pane).getByRole("button", { name: /team: blue/ })).toBeTruthy();
});

test("a facet with more values than are shown offers the rest", async () => {
  const user = userEvent.setup();
  const many = Array.from({ length: 12 }, (_, i) => ({ value: `tool_${i}`, count: 12 - i, key: null }));
  const facets = (url: string) => ({ trace_count: 20, is_exact: true, facets: { tool: many.slice(0, Number(new URL(url, "http://localhost").searchParams.get("top"))) } });
  renderPage("/traces?filter=latency+>+2s", { ...SOME, "/api/facets": facets });
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Facets" }));
  const pane = await screen.findByRole("complementary", { name: "Facets" });
  await within(pane).findByText("tool_7");
  expect(within(pane).queryByText("tool_8")).toBeNull();
  await user.click(within(pane).getByRole("button", { name: "More of Tool" }));
  expect(await within(pane).findByText("tool_11")).toBeTruthy();
  expect(within(pane).queryByRole("button", { name: "More of Tool" })).toBeNull();
});

test("no match says which part excludes most, and leaves it out", async () => {
  const user = userEvent.setup();
  const count = (url: string) => ({ count: url.includes("latency") ? 0 : 14, is_exact: true });
  const page = renderPage("/traces?filter=status+%3D+'ERROR'+AND+latency+>+2s", { ...SOME, "/api/traces": list(), "/api/traces/count": count });
  await screen.findByRole("heading", { name: "No trace matches" });
  const parts = () => screen.getAllByRole("listitem").map((part) => part.textContent);
  await waitFor(() => expect(parts()).toEqual(["latency > 2s14 tracesLeave out", "status = 'ERROR'0 tracesLeave out"]));
  const [first] = screen.getAllByRole("listitem");
  if (first) await user.click(within(first).getByRole("button", { name: "Leave out" }));
  await waitFor(() => expect(page.at()).toBe("/traces?filter=status+%3D+%27ERROR%27"));
});

test("columns order the list: most first, least first, newest first", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", SOME);
  await screen.findByText("agent_a");
  const cost = () => user.click(within(screen.getByRole("columnheader", { name: /Cost/ })).getByRole("button"));
  await cost();
  await waitFor(() => expect(page.at()).toBe("/traces?order=cost+DESC"));
  await screen.findByText("agent_a");
  expect(screen.getByRole("columnheader", { name: /Cost/ }).getAttribute("aria-sort")).toBe("descending");
  expect(askedFor(page.asked, "/api/traces").at(-1)?.searchParams.get("order_by")).toBe("cost DESC");
  await cost();
  await waitFor(() => expect(page.at()).toBe("/traces?order=cost+ASC"));
  await screen.findByText("agent_a");
  await cost();
  await waitFor(() => expect(page.at()).toBe("/traces"));
});

test("the way back from a trace leads to the list as it was", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces?filter=latency+>+2s&range=24h", { ...SOME, ...traceAnswers(), "/api/traces": list("t1") });
  await screen.findByText("agent_t1");
  await user.keyboard("j{Enter}");
  await waitFor(() => expect(page.at()).toContain("/traces/t1"));
  await user.keyboard("{Escape}");
  await waitFor(() => expect(page.at()).toBe("/traces?filter=latency+%3E+2s&range=24h&at=t1"));
});

class Telling extends EventTarget {
  static made: Telling[] = [];
  constructor(readonly url: string) {
    super();
    Telling.made.push(this);
  }
  close() {
    Telling.made.splice(Telling.made.indexOf(this), 1);
  }
  tell(name: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

test("what the server tells of waits, and comes in by itself where that is wished", async () => {
  vi.stubGlobal("EventSource", Telling);
  const user = userEvent.setup();
  renderPage("/traces?filter=latency+>+2s", SOME);
  await screen.findByText("agent_a");
  await waitFor(() => expect(Telling.made.map(({ url }) => url)).toEqual(["/api/traces/tail?filter=latency+%3E+2s"]));
  act(() => {
    Telling.made[0]?.tell("ready", {});
    Telling.made[0]?.tell("trace", summary("told", 9500));
    Telling.made[0]?.tell("trace", summary("a", 9000, { status: "ERROR", error: { type: "ThrottlingException", message: "" } }));
  });
  expect(await screen.findByRole("button", { name: "1 new" })).toBeTruthy();
  expect(screen.queryByText("agent_told")).toBeNull();
  // What is on show is renewed in its place.
  expect(screen.getByText("ThrottlingException")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Live" }));
  expect(await screen.findByText("agent_told")).toBeTruthy();
  act(() => Telling.made[0]?.tell("trace", summary("next", 9600)));
  expect(await screen.findByText("agent_next")).toBeTruthy();
});

test("a strip that is not of all traces says so", async () => {
  const line = { ...SOME["/api/timeline"], is_exact: false };
  renderPage("/traces?filter=latency+>+2s", { ...SOME, "/api/timeline": line });
  expect(await screen.findByText(/, the newest alone$/)).toBeTruthy();
});
