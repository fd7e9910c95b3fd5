// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderPage, summary } from "../page";

const found = (unsearched: number, ...ids: string[]) => ({ traces: ids.map((id, i) => summary(id, 9000 - i)), next_cursor: null, words_waiting: unsearched });
const NONE = { "/api/experiments": { experiments: [] }, "/api/traces/count": { count: 1, is_exact: false } };
const PATH = "/traces?filter=text+LIKE+'refund'";

test("a list that may lack traces says how many, and asks again when told to", async () => {
  const user = userEvent.setup();
  let now = found(12, "a");
  renderPage(PATH, { ...NONE, "/api/traces": () => now });
  await screen.findByText("agent_a");
  expect(screen.getByText("The words of 12 traces are not searched yet: they are being indexed.")).toBeTruthy();
  now = found(0, "a", "b");
  await user.click(screen.getByRole("button", { name: "Search again" }));
  expect(await screen.findByText("agent_b")).toBeTruthy();
  expect(screen.queryByText(/not searched yet/)).toBeNull();
});

test("while words wait an empty list does not say that nothing matches, and is asked for again by itself", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let now = found(1);
  renderPage(PATH, { ...NONE, "/api/traces": () => now });
  await screen.findByRole("heading", { name: "Nothing found yet" });
  expect(screen.getByText(/The words of 1 trace are not searched yet/)).toBeTruthy();
  expect(screen.queryByText("No trace matches")).toBeNull();
  now = found(0);
  await act(() => vi.advanceTimersByTimeAsync(4500));
  expect(await screen.findByRole("heading", { name: "No trace matches" })).toBeTruthy();
});

test("rows on show are not asked for again by themselves, but where the list follows at its head", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let now = found(3, "a");
  const page = renderPage(PATH, { ...NONE, "/api/traces": () => now });
  await screen.findByText("agent_a");
  // An older one, found late: it has its place below.
  now = found(0, "a", "late");
  await act(() => vi.advanceTimersByTimeAsync(9000));
  expect(screen.queryByText("agent_late")).toBeNull();
  expect(screen.getByText(/words of 3 traces/)).toBeTruthy();
  await userEvent.setup({ advanceTimers: vi.advanceTimersByTime }).click(screen.getByRole("button", { name: "Live" }));
  await waitFor(() => expect(page.at()).toContain("live=1"));
  await act(() => vi.advanceTimersByTimeAsync(4500));
  expect(await screen.findByText("agent_late")).toBeTruthy();
  await waitFor(() => expect(screen.queryByText(/not searched yet/)).toBeNull());
});

test("facets that may lack values say so, and not that they are of the newest traces", async () => {
  const user = userEvent.setup();
  const facets = (words_waiting: number) => ({ trace_count: 1, is_exact: false, facets: { status: [{ value: "OK", count: 1, key: null }] }, words_waiting });
  let now = facets(12);
  renderPage(PATH, { ...NONE, "/api/traces": found(0, "a"), "/api/facets": () => now });
  await user.click(await screen.findByRole("button", { name: "Facets" }));
  const pane = await screen.findByRole("complementary", { name: "Facets" });
  expect(await within(pane).findByText("The words of 12 traces are not searched yet: they are being indexed.")).toBeTruthy();
  expect(within(pane).queryByText(/newest/)).toBeNull();
  now = facets(0);
  await user.click(await within(pane).findByRole("button", { name: /OK/ }));
  expect(await within(pane).findByText(/newest/)).toBeTruthy();
  expect(within(pane).queryByText(/not searched yet/)).toBeNull();
});

const exporting = (waiting: Record<string, string>) => ({
  ...NONE,
  "/api/traces": found(0, "a"),
  "/api/export": { status: 200, body: {}, headers: waiting },
});

test("a file that may lack traces is said to, until the list is another one", async () => {
  const user = userEvent.setup();
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }));
  renderPage(PATH, exporting({ "x-outcrop-words-waiting": "1" }));
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Export all traces of this list" }));
  await user.click(await screen.findByRole("menuitem", { name: "JSON Lines, as read" }));
  expect(await screen.findByText("The file may lack traces: the words of 1 trace were not searched yet.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Clear the filter" }));
  await waitFor(() => expect(screen.queryByText(/The file may lack/)).toBeNull());
});

test("of a whole file nothing is said", async () => {
  const user = userEvent.setup();
  const saved = vi.fn(() => "blob:x");
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: saved, revokeObjectURL: () => undefined }));
  renderPage(PATH, exporting({}));
  await screen.findByText("agent_a");
  await user.click(screen.getByRole("button", { name: "Export all traces of this list" }));
  await user.click(await screen.findByRole("menuitem", { name: "JSON Lines, as read" }));
  await waitFor(() => expect(saved).toHaveBeenCalled());
  await waitFor(() => expect(screen.getByRole("button", { name: "Export all traces of this list" })).toHaveProperty("disabled", false));
  expect(screen.queryByText(/The file may lack/)).toBeNull();
});

test("it is said in Japanese", async () => {
  window.localStorage.setItem("outcrop.language", "ja");
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }));
  renderPage(PATH, { ...exporting({ "x-outcrop-words-waiting": "12" }), "/api/traces": found(12) });
  expect(await screen.findByRole("heading", { name: "まだ見つかっていません" })).toBeTruthy();
  expect(screen.getByText("12 件のトレースは索引を作成中で、語句はまだ検索されていません。")).toBeTruthy();
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "この一覧のトレースをすべて書き出す" }));
  await user.click(await screen.findByRole("menuitem", { name: "JSON Lines (読みやすい形)" }));
  expect(await screen.findByText("ファイルに含まれないトレースがあるかもしれません。12 件は索引を作成中で、語句を検索できませんでした。")).toBeTruthy();
});
