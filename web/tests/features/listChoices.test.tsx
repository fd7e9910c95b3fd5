// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderPage, summary, type Answers } from "../page";

const ROWS = ["a", "b", "c", "d"].map((id, i) => summary(id, 9000 - i, { tags: { team: `team-${id}` }, error: null }));
const BASE = {
  "/api/experiments": { experiments: [] },
  "/api/session": { name: "ann", role: "admin", has_session: false },
  "/api/views": { views: [] },
  "/api/traces": { traces: ROWS, next_cursor: null },
};

/** The page with a server that notes down what is changed; `refused` are paths that it refuses. */
function open(path = "/traces", more: Answers = {}, changes: Record<string, unknown> = {}) {
  const page = renderPage(path, { ...BASE, ...more });
  const reading = globalThis.fetch;
  const sent = vi.fn<(method: string, path: string, body: unknown) => void>();
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    if (init.method === undefined) return reading(url, init);
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : null;
    sent(init.method, url, body);
    const answer = changes[`${init.method} ${url}`] ?? {};
    if (typeof answer === "number") return Promise.resolve(Response.json({ title: "Forbidden", status: answer, detail: "Not yours." }, { status: answer }));
    return Promise.resolve(Response.json(answer));
  });
  return { ...page, sent };
}

const heads = () => screen.getAllByRole("columnheader").map((head) => head.getAttribute("data-column")).filter(Boolean);
const box = (id: string) => screen.getByRole<HTMLInputElement>("checkbox", { name: `Choose agent_${id}` });

test("a column is shown with what it has, and the choice is remembered and can be taken back", async () => {
  const user = userEvent.setup();
  open();
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("checkbox", { name: "Tags" }));
  expect(screen.getByText("team: team-a")).toBeTruthy();
  expect(heads()).toContain("tags");
  expect(window.localStorage.getItem("outcrop.columns")).toContain('"tags"');
  await user.click(screen.getByRole("button", { name: "Restore" }));
  expect(heads()).toEqual(["time", "name", "model", "latency", "firstToken", "tokens", "cost"]);
});

test("a column moves by the arrow keys, and by being dragged", async () => {
  const user = userEvent.setup();
  open();
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Columns" }));
  (await screen.findByRole("button", { name: "Move Cost" })).focus();
  await user.keyboard("{ArrowUp}");
  expect(heads().slice(-2)).toEqual(["cost", "tokens"]);
  const drag = { dataTransfer: { setData: () => undefined, effectAllowed: "" } };
  const [from, to] = ["cost", "time"].map((name) => document.querySelector(`[role=columnheader][data-column=${name}]`));
  if (!from || !to) throw new Error("no such columns");
  fireEvent.dragStart(from, drag);
  fireEvent.dragOver(to, drag);
  fireEvent.drop(to, drag);
  expect(heads()[0]).toBe("cost");
});

test("a column's edge makes it wider by the arrow keys, and twice clicked as it was", async () => {
  open();
  await screen.findByText("agent_a");
  const edge = screen.getByRole("separator", { name: "Width of Model" });
  const kept = () => window.localStorage.getItem("outcrop.columns") ?? "";
  vi.spyOn(edge.parentElement ?? edge, "getBoundingClientRect").mockReturnValue({ width: 130 } as DOMRect);
  fireEvent.keyDown(edge, { key: "ArrowRight" });
  expect(kept()).toContain('{"id":"model","width":146}');
  fireEvent.doubleClick(edge);
  expect(kept()).toContain('{"id":"model","width":null}');
});

test("rows are chosen by x, by a stretch of shift, and by their boxes; Escape lets go of them", async () => {
  const user = userEvent.setup();
  const page = open();
  await screen.findByText("agent_a");
  await user.keyboard("j");
  await waitFor(() => expect(page.at()).toContain("at=a"));
  await user.keyboard("x");
  expect((await screen.findByText("1 chosen")).getAttribute("role")).toBe("status");
  await user.keyboard("{Shift>}J{/Shift}");
  await screen.findByText("2 chosen");
  await waitFor(() => expect(page.at()).toContain("at=b"));
  fireEvent.click(box("d"), { shiftKey: true });
  await screen.findByText("4 chosen");
  expect(box("c").checked).toBe(true);
  await user.click(box("c"));
  await screen.findByText("3 chosen");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByText("3 chosen")).toBeNull());
  // A click on the box is none on the row.
  expect(page.at()).toContain("/traces?");
});

test("chosen traces are compared by an address that names them in the list's order", async () => {
  const user = userEvent.setup();
  open("/traces?experiment=demo");
  await screen.findByText("agent_a");
  await user.click(box("c"));
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Compare" }).disabled).toBe(true);
  await user.click(box("a"));
  expect(screen.getByRole("link", { name: "Compare" }).getAttribute("href")).toBe("/compare?items=a%2Cc&experiment=demo");
});

test("deleting asks once more with the number, and takes the rows away", async () => {
  const user = userEvent.setup();
  const page = open("/traces", {}, { "POST /api/traces/delete": { deleted: 2 } });
  await screen.findByText("agent_a");
  await user.click(box("a"));
  await user.click(box("b"));
  await user.click(screen.getByRole("button", { name: "Delete" }));
  const dialog = await screen.findByRole("dialog", { name: "Delete 2 traces?" });
  expect(page.sent).not.toHaveBeenCalled();
  await user.click(within(dialog).getByRole("button", { name: "Delete 2 traces" }));
  await waitFor(() => expect(screen.queryByText("agent_a")).toBeNull());
  expect(page.sent).toHaveBeenCalledWith("POST", "/api/traces/delete", { trace_ids: ["a", "b"] });
  expect(screen.getByText("agent_c")).toBeTruthy();
});

test("who only reads is offered no deleting, and is told what of a tag was refused", async () => {
  const user = userEvent.setup();
  const session = { name: "bob", role: "read", has_session: true };
  const page = open("/traces", { "/api/session": session }, { "PATCH /api/traces/b": 403 });
  await screen.findByText("agent_a");
  await user.click(box("a"));
  await user.click(box("b"));
  expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Set tag" }));
  const dialog = await screen.findByRole("dialog", { name: "Tag 2 traces" });
  await user.type(within(dialog).getByLabelText("Key"), "team");
  await user.type(within(dialog).getByLabelText(/^Value/), "red");
  await user.click(within(dialog).getByRole("button", { name: "Set tag" }));
  expect((await within(dialog).findByRole("alert")).textContent).toBe("1 of 2 done, then: Forbidden: Not yours.");
  expect(page.sent).toHaveBeenCalledWith("PATCH", "/api/traces/a", { tags: { team: "red" } });
});

test("the chosen traces, and all that fit, are exported", async () => {
  const user = userEvent.setup();
  const saved = vi.fn();
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: saved.mockReturnValue("blob:x"), revokeObjectURL: () => undefined }));
  const page = open("/traces?filter=cost > 1&from=5&to=9&experiment=demo");
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Export all traces of this list" }));
  await user.click(await screen.findByRole("menuitem", { name: "OTLP, protobuf" }));
  const wanted = { format: "otlp", filter: "(cost > 1) AND timestamp >= 5 AND timestamp < 9", experiments: ["demo"] };
  await waitFor(() => expect(page.sent).toHaveBeenCalledWith("POST", "/api/export", wanted));
  await user.click(box("b"));
  await user.click(screen.getByRole("button", { name: "Export the chosen traces" }));
  await user.click(await screen.findByRole("menuitem", { name: "JSON Lines, as read" }));
  await waitFor(() => expect(page.sent).toHaveBeenCalledWith("POST", "/api/export", { format: "jsonl", trace_ids: ["b"] }));
  await waitFor(() => expect(saved).toHaveBeenCalledTimes(2));
});

test("feedback is asked for only where its column shows it", async () => {
  const user = userEvent.setup();
  const said = { assessment_id: "1", trace_id: "b", kind: "feedback", name: "helpful", value: true, source: { type: "HUMAN", id: "x" }, rationale: null, metadata: {}, span_id: null, author: null, created_at_ns: "1", updated_at_ns: "1" };
  const page = open("/traces", {}, { "POST /api/traces/assessments": { assessments: [said] } });
  await screen.findByText("agent_a");
  expect(page.sent).not.toHaveBeenCalled();
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("checkbox", { name: "Feedback" }));
  expect(await screen.findByText("helpful: true")).toBeTruthy();
  expect(page.sent).toHaveBeenCalledTimes(1);
});

const VIEW = {
  view_id: "v-1",
  name: "Dear ones",
  experiment: null,
  search: { filter: "cost > 1", order: "cost DESC" },
  columns: [{ name: "name", width_px: null }, { name: "cost", width_px: 90 }],
  is_compact: true,
  author: "ann",
  created_at_ns: "1",
  updated_at_ns: "1",
};

test("a view brings its filter, order and columns, and leaves those of the browser alone", async () => {
  const user = userEvent.setup();
  const page = open("/traces", { "/api/views": { views: [VIEW] } });
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Views: none chosen" }));
  await user.click(await screen.findByRole("menuitemradio", { name: "Dear ones" }));
  await waitFor(() => expect(page.at()).toBe("/traces?filter=cost+%3E+1&order=cost+DESC&view=v-1"));
  await waitFor(() => expect(heads()).toEqual(["name", "cost"]));
  expect(page.asked.mock.calls.some(([url]) => url.includes("order_by=cost+DESC"))).toBe(true);
  expect(window.localStorage.getItem("outcrop.columns")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("checkbox", { name: "Tags" }));
  expect(await screen.findByText("Dear ones · edited")).toBeTruthy();
  expect(window.localStorage.getItem("outcrop.columns")).toBeNull();
});

test("what the list shows is saved as a view under a name", async () => {
  const user = userEvent.setup();
  const page = open("/traces?filter=cost > 1&experiment=demo", {}, { "POST /api/views": { ...VIEW, view_id: "v-9" } });
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Views: none chosen" }));
  await user.click(await screen.findByRole("menuitem", { name: "Save as a view" }));
  await user.type(await screen.findByLabelText(/^Name/), "Mine{Enter}");
  await waitFor(() => expect(page.at()).toContain("view=v-9"));
  const [, , body] = page.sent.mock.calls[0] ?? [];
  expect(body).toMatchObject({ name: "Mine", experiment: "demo", search: { filter: "cost > 1" }, is_compact: false });
});

test("a view of someone else is neither changed nor deleted by a reader", async () => {
  const user = userEvent.setup();
  const session = { name: "bob", role: "read", has_session: true };
  open("/traces?view=v-1&filter=x", { "/api/views": { views: [VIEW] }, "/api/session": session });
  await screen.findByText("Dear ones · edited");
  await user.click(screen.getByRole("button", { name: "Views: Dear ones" }));
  expect(await screen.findByRole("menuitem", { name: "Save as a view" })).toBeTruthy();
  for (const name of [/^Save Dear/, /^Rename/, /^Delete/]) expect(screen.queryByRole("menuitem", { name })).toBeNull();
});
