// @vitest-environment jsdom
import { act, screen, waitFor } from "@testing-library/react";
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

test("it is said in Japanese", async () => {
  window.localStorage.setItem("outcrop.language", "ja");
  renderPage(PATH, { ...NONE, "/api/traces": found(12) });
  expect(await screen.findByRole("heading", { name: "まだ見つかっていません" })).toBeTruthy();
  expect(screen.getByText("12 件のトレースは索引を作成中で、語句はまだ検索されていません。")).toBeTruthy();
});
