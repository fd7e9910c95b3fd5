// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderPage, summary } from "../page";

const list = (...ids: string[]) => ({ traces: ids.map((id, i) => summary(id, 9000 - i)), next_cursor: null });
const NONE = { "/api/experiments": { experiments: [] } };
const selected = () => screen.getAllByRole("row").findIndex((row) => row.getAttribute("aria-selected") === "true") - 1;

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
  await act(() => vi.advanceTimersByTimeAsync(11_000));
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
