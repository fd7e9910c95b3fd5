// @vitest-environment jsdom
import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { readAge, readSize, readWhole, writeSize } from "@/model/limits";
import { renderPage, type Answers } from "../page";

const experiment = (id: string, name: string, more: object = {}) => ({
  experiment_id: id,
  name,
  created_at_ns: "1",
  trace_count: 3,
  error_count: 0,
  last_trace_at_ns: "1",
  description: "",
  archived_at_ns: null,
  former_names: [],
  ...more,
});
const session = (role: string, experiments: string[] | null = null) => ({ name: "ann", role, experiments, is_anonymous: false, has_session: true });
const NO_LIMITS = { is_kept: false, max_age: null, max_traces: null, max_bytes: null };
const ANSWERS: Answers = {
  "/api/session": session("admin"),
  "/api/views": { views: [] },
  "/api/experiments": { experiments: [experiment("1", "checkout", { description: "The shop", former_names: ["shop"] }), experiment("2", "old", { archived_at_ns: "5" })] },
  "/api/retention": {
    general: { ...NO_LIMITS, max_age: "90d", max_bytes: 5e9 },
    interval_s: 60,
    ages_by_days: false,
    experiments: [
      { experiment_id: "1", name: "checkout", own: { ...NO_LIMITS, max_age: "1w" }, in_force: { ...NO_LIMITS, max_age: "1w" }, source: "page" },
      { experiment_id: "2", name: "old", own: null, in_force: { ...NO_LIMITS, is_kept: true }, source: "option" },
    ],
  },
  "/api/prices": {
    own: [{ key: "my-*", input: 2, output: 8, cache_read: null, cache_write: null }],
    profiles: {},
    models: [{ model: "amazon.nova-pro-v1:0", calls: 3, source: null, entry: null, input: null, output: null, cache_read: null, cache_write: null }],
  },
  "/api/store": { version: "1.2.3", file_bytes: 4_200_000, log_bytes: 0, free_bytes: null, waiting_bytes: 0, faults: ["The disk is full."], experiment_count: 2, trace_count: 1204, error_count: 3 },
  "/api/tokens": { tokens: [{ token_id: "aa", name: "program", role: "write", experiments: ["checkout"], created_at_ns: "1", created_by: "ann", expires_at_ns: null, last_used_at_ns: null, revoked_at_ns: null, revoked_by: null, requests_per_minute: null }] },
};

function open(path: string, more: Answers = {}, changes: Record<string, unknown> = {}) {
  const page = renderPage(path, { ...ANSWERS, ...more });
  const reading = globalThis.fetch;
  const sent = vi.fn<(method: string, path: string, body: unknown) => void>();
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    if (init.method === undefined) return reading(url, init);
    sent(init.method, url, typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : null);
    const answer = changes[`${init.method} ${url}`] ?? {};
    if (typeof answer === "string") return Promise.resolve(Response.json({ title: "Bad Request", status: 400, detail: answer }, { status: 400 }));
    return Promise.resolve(Response.json(answer));
  });
  return { ...page, sent };
}

test("archived experiments stand apart, and a former name is said", async () => {
  const user = userEvent.setup();
  const page = open("/experiments");
  const table = await screen.findByRole("table", { name: "Experiments" });
  expect(within(table).getByText("The shop · also shop")).toBeTruthy();
  expect(within(table).queryByText("old")).toBeNull();
  await user.click(screen.getByRole("button", { name: "1 archived" }));
  await user.click(screen.getByRole("button", { name: "Change old" }));
  await user.click(await screen.findByRole("menuitem", { name: "Restore" }));
  await waitFor(() => expect(page.sent).toHaveBeenCalledWith("PATCH", "/api/experiments/2", { is_archived: false }));
});

test("a new name that is taken is said in the dialogue, which stays", async () => {
  const user = userEvent.setup();
  const page = open("/experiments", {}, { "PATCH /api/experiments/1": "there is one already" });
  await user.click(await screen.findByRole("button", { name: "Change checkout" }));
  await user.click(await screen.findByRole("menuitem", { name: "Rename or describe" }));
  const name = await screen.findByRole("textbox", { name: /^Name/ });
  await user.clear(name);
  await user.type(name, "search");
  expect(screen.getByText(/What is sent under “checkout” still comes here/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect((await screen.findByRole("alert")).textContent).toContain("there is one already");
  expect(page.sent).toHaveBeenCalledWith("PATCH", "/api/experiments/1", { name: "search", description: "The shop" });
});

test("who only reads is offered no change, and told why", async () => {
  open("/settings", { "/api/session": session("read") });
  expect(await screen.findByText("Access tokens are managed with a token of role admin.")).toBeTruthy();
  expect(await screen.findByText(/A token of role admin sets limits/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Change the limits/ })).toBeNull();
});

test("a token of some experiments sees no store, and renames and makes nothing", async () => {
  open("/settings", { "/api/session": session("admin", ["checkout"]) });
  expect(await screen.findByText(/sizes and counts of the whole store are not shown/)).toBeTruthy();
  expect(screen.getByText(/it makes and shows no tokens/)).toBeTruthy();
});

test("limits are said in words, and set as they are typed", async () => {
  const user = userEvent.setup();
  const page = open("/settings");
  const table = await screen.findByRole("table", { name: "Retention" });
  expect(within(table).getAllByRole("row").map((row) => row.textContent)).toEqual(["ExperimentKeptSet by", "checkout1 weekthis page", "oldalwaysthe server's options"]);
  expect(screen.getByText(/Of all traces together: 90 days · 5 GB/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Change the limits of checkout" }));
  const age = await screen.findByRole("textbox", { name: /^Age/ });
  await user.clear(age);
  await user.type(screen.getByRole("textbox", { name: /^Number of traces/ }), "1,000");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(page.sent).toHaveBeenCalledWith("PATCH", "/api/experiments/1", { retention: { ...NO_LIMITS, max_traces: 1000 } }));
});

test("where ages end with a day, whoever sets one is told", async () => {
  const user = userEvent.setup();
  const retention = ANSWERS["/api/retention"] as Record<string, unknown>;
  const told = () => screen.queryByText(/Ages of seven days and more end with a day/);
  open("/settings");
  await user.click(await screen.findByRole("button", { name: "Change the limits of checkout" }));
  await screen.findByText(/removed for good within a minute/);
  expect(told()).toBeNull();
  cleanup();
  open("/settings", { "/api/retention": { ...retention, ages_by_days: true } });
  await user.click(await screen.findByRole("button", { name: "Change the limits of checkout" }));
  await screen.findByText(/removed for good within a minute/);
  expect(told()).not.toBeNull();
});

test("the store's faults, and prices that are not known, are said", async () => {
  open("/settings");
  expect((await screen.findByText("The disk is full.")).getAttribute("role")).toBe("alert");
  const models = await screen.findByRole("table", { name: "Prices of the models that were asked" });
  expect(within(models).getAllByLabelText(/no price is known/)).toHaveLength(4);
  expect(within(screen.getByRole("table", { name: "The server's own prices" })).getByText("$8.00")).toBeTruthy();
});

test("calls of models that are not kept apart stand under others, and it is said", async () => {
  const priced = (model: string) => ({ model, calls: 3, source: null, entry: null, input: null, output: null, cache_read: null, cache_write: null });
  open("/settings", { "/api/prices": { own: [], profiles: {}, models: ["amazon.nova-pro-v1:0", "(other)"].map(priced) } });
  const models = await screen.findByRole("table", { name: "Prices of the models that were asked" });
  expect(within(models).getByRole("rowheader", { name: "others" })).toBeTruthy();
  expect(screen.getByText("Not all models are kept apart")).toBeTruthy();
});

test("a token is made for what was chosen and shown once", async () => {
  const user = userEvent.setup();
  const page = open("/settings", {}, { "POST /api/tokens": { token: "outcrop_secret", info: {} } });
  await user.click(await screen.findByRole("button", { name: "New token" }));
  await user.type(await screen.findByRole("textbox", { name: /^Name/ }), "reader");
  await user.selectOptions(screen.getByRole("combobox", { name: /^Role/ }), "read");
  await user.selectOptions(screen.getByRole("listbox", { name: /^Experiments/ }), "checkout");
  await user.type(screen.getByRole("textbox", { name: /^Days/ }), "30");
  await user.click(screen.getByRole("button", { name: "Make token" }));
  expect(await screen.findByText("outcrop_secret")).toBeTruthy();
  expect(page.sent).toHaveBeenCalledWith("POST", "/api/tokens", { name: "reader", role: "read", experiments: ["checkout"], expires_in_days: 30, requests_per_minute: null });
  await user.click(screen.getByRole("button", { name: "I have copied it" }));
  await waitFor(() => expect(screen.queryByText("outcrop_secret")).toBeNull());
});

test("ages, numbers and sizes are read as people write them", () => {
  expect(["30d", " 12 H ", "never", "", "1mo", "0d", "d"].map(readAge)).toEqual(["30d", "12h", "never", null, undefined, undefined, undefined]);
  expect(["1,000", "7", "", "0", "1.5", "-1"].map(readWhole)).toEqual([1000, 7, null, undefined, undefined, undefined]);
  expect(["5 GB", "500mb", "1.5 TB", "12", "", "x", "0", "9999 TB"].map(readSize)).toEqual([5e9, 5e8, 1.5e12, 12, null, undefined, undefined, undefined]);
  expect([5e9, 999, 1_500_000].map(writeSize)).toEqual(["5 GB", "999 B", "1.5 MB"]);
});
