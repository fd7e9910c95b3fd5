// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import "@/app/Palette";
import { renderPage, spanDetail, spanSummary, summary, traceAnswers } from "../page";

const ID = "0123456789abcdef0123456789abcdef";
const experiment = (id: string, name: string) => ({ experiment_id: id, name, created_at_ns: "1", trace_count: 1, error_count: 0, last_trace_at_ns: "1", description: "", archived_at_ns: null, former_names: [] });
const VIEW = { view_id: "v-1", name: "Dear ones", experiment: null, search: { filter: "cost > 1" }, columns: [], is_compact: false, author: "ann", created_at_ns: "1", updated_at_ns: "1" };
const ANSWERS = {
  "/api/traces": { traces: [summary("a", 9), summary("b", 8)], next_cursor: null },
  "/api/experiments": { experiments: [experiment("1", "/Shared/checkout"), experiment("2", "/Shared/search")] },
  "/api/views": { views: [VIEW] },
};

async function palette(user: ReturnType<typeof userEvent.setup>) {
  await user.keyboard("{Control>}k{/Control}");
  return screen.findByRole("combobox", { name: "Command palette" });
}
const chosen = () => screen.getByRole("option", { selected: true }).textContent;

test("a few letters and Enter lead to an experiment, and the field names what is chosen", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", ANSWERS);
  await screen.findByText("agent_a");
  const field = await palette(user);
  await user.type(field, "check");
  // Experiments come from the server.
  await waitFor(() => expect(chosen()).toBe("/Shared/checkout"));
  expect(document.getElementById(field.getAttribute("aria-activedescendant") ?? "")?.textContent).toBe("/Shared/checkout");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(page.at()).toBe("/traces?experiment=/Shared/checkout"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("arrows go round, and a saved view is found by its name", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", ANSWERS);
  await screen.findByText("agent_a");
  await user.type(await palette(user), "dear on");
  const options = within(screen.getByRole("listbox")).getAllByRole("option").map(({ textContent }) => textContent);
  expect(options).toEqual(["Dear onescost > 1", "Find traces with “dear on”"]);
  await user.keyboard("{ArrowUp}");
  expect(chosen()).toBe("Find traces with “dear on”");
  await user.keyboard("{ArrowDown}{Enter}");
  await waitFor(() => expect(page.at()).toBe("/traces?filter=cost+%3E+1&view=v-1"));
});

test("a pasted id opens its trace, and words are looked for", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", ANSWERS);
  await screen.findByText("agent_a");
  await user.click(await palette(user));
  await user.paste(`http://elsewhere/traces/${ID}`);
  expect(chosen()).toBe(`Open trace ${ID}`);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(page.at()).toBe(`/traces/${ID}`));
  await user.type(await palette(user), "lost parcel{Enter}");
  await waitFor(() => expect(page.at()).toBe("/traces?filter=%22lost+parcel%22"));
});

test("of the open trace it offers what can be done with it", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1?span=root", { ...ANSWERS, ...traceAnswers(spanDetail(spanSummary("root", null, "AGENT", 1000))) });
  await screen.findByRole("heading", { name: "agent_t1" });
  await user.type(await palette(user), "compare this span{Enter}");
  await waitFor(() => expect(page.at()).toBe("/compare?items=t1%3Aroot"));
});

test("theme and language change", async () => {
  const user = userEvent.setup();
  renderPage("/traces", ANSWERS);
  await screen.findByText("agent_a");
  await user.type(await palette(user), "日本{Enter}");
  await waitFor(() => expect(document.documentElement.lang).toBe("ja"));
  await user.keyboard("{Meta>}k{/Meta}");
  await user.type(await screen.findByRole("combobox", { name: "コマンドパレット" }), "theme dark{Enter}");
  await waitFor(() => expect(document.documentElement.getAttribute("data-mantine-color-scheme")).toBe("dark"));
});

test("g and a letter lead to a view, not the letter alone nor while someone types", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces?experiment=demo", ANSWERS);
  await screen.findByText("agent_a");
  await user.keyboard("e");
  expect(page.at()).toContain("/traces");
  await user.type(screen.getByRole("combobox", { name: "Filter traces" }), "ge");
  expect(page.at()).toContain("/traces");
  await user.keyboard("{Escape}{Escape}");
  (document.activeElement as HTMLElement).blur();
  await user.keyboard("ge");
  await waitFor(() => expect(page.at()).toBe("/experiments?experiment=demo"));
});

test("[ and ] lead along the list from which a trace was opened", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces", ANSWERS);
  await user.click(await screen.findByText("agent_a"));
  await waitFor(() => expect(page.at()).toBe("/traces/a"));
  fireEvent.keyDown(document.body, { key: "]" });
  await waitFor(() => expect(page.at()).toBe("/traces/b"));
  fireEvent.keyDown(document.body, { key: "]" });
  fireEvent.keyDown(document.body, { key: "[" });
  await waitFor(() => expect(page.at()).toBe("/traces/a"));
});
