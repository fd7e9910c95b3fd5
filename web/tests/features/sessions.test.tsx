// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderPage, summary } from "../page";

const usage = { input_tokens: 300, output_tokens: 40, total_tokens: 340, cache_read_input_tokens: null, cache_write_input_tokens: null };
const session = (id: string, more: object = {}) => ({
  session_id: id,
  experiment_id: "1",
  experiment_name: "/Shared/a",
  trace_count: 2,
  error_count: 0,
  first_start_ns: "1795478400000000000",
  last_start_ns: "1795478460000000000",
  usage,
  cost_usd: 0.5,
  unpriced_calls: 0,
  ...more,
});
const NONE = { "/api/experiments": { experiments: [] } };

test("sessions stand in a list with their sums, and older ones come when asked for", async () => {
  const user = userEvent.setup();
  const pages = (url: string) =>
    url.includes("page_token") ? { sessions: [session("old")], next_page_token: null } : { sessions: [session("chat/7", { error_count: 1, cost_usd: 0, unpriced_calls: 3 })], next_page_token: "more" };
  const page = renderPage("/sessions", { ...NONE, "/api/sessions": pages });
  const row = await screen.findByRole("row", { name: /chat\/7/ });
  expect(row.textContent).toContain("/Shared/a");
  expect(row.textContent).toContain("300 → 40");
  expect(row.textContent).toContain("1 m 00 s");
  // Calls without a price cost nobody knows what.
  expect(row.textContent).not.toContain("$0");
  await user.click(screen.getByRole("button", { name: "Show older sessions" }));
  await screen.findByRole("row", { name: /old/ });
  await user.click(within(row).getByRole("link"));
  await waitFor(() => expect(page.at()).toBe("/sessions?session=chat/7&experiment=/Shared/a"));
});

test("a session is a conversation, each turn with its figures and its trace", async () => {
  const user = userEvent.setup();
  const traces = [
    summary("t1", 1000, { request_preview: "Where is it?", response_preview: "On its way.", tools: ["track"] }),
    summary("t2", 2000, { request_preview: "And now?", response_preview: null, status: "ERROR", error: { type: "ThrottlingException", message: "slow down" } }),
  ];
  const page = renderPage("/sessions?session=chat/7&experiment=/Shared/a", {
    ...NONE,
    "/api/sessions/chat%2F7": { sessions: [session("chat/7", { error_count: 1 })], traces, next_cursor: null },
    "/api/sessions": { sessions: [], next_page_token: null },
  });
  await screen.findByRole("heading", { name: "chat/7" });
  const turns = await screen.findAllByRole("listitem");
  expect(turns[0]?.textContent).toMatch(/userWhere is it\?trackassistantOn its way\..*2\.31 s/);
  expect(turns[1]?.textContent).toContain("ThrottlingExceptionslow down");
  expect(screen.getByText("1 failed")).toBeTruthy();
  expect(screen.getByRole("link", { name: "agent_t1" }).getAttribute("href")).toBe("/traces/t1");
  expect(screen.getByRole("link", { name: "As a list" }).getAttribute("href")).toBe("/traces?experiment=/Shared/a&filter=session+%3D+%27chat/7%27");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(page.at()).toBe("/sessions?experiment=/Shared/a"));
  expect(await screen.findByText(/No trace names a session yet/)).toBeTruthy();
});
