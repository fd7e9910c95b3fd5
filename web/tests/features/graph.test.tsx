// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import "@/features/trace/graph/AgentGraph";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const agent = spanDetail(spanSummary("agent", null, "AGENT", 1000, { duration_ns: 100_000_000 }));
const one = spanDetail(spanSummary("one", "agent", "TOOL", 1010, { name: "look_up" }));
const two = spanDetail(spanSummary("two", "agent", "TOOL", 1020, { name: "look_up", status: "ERROR", error: { type: "E", message: "m" } }));

test("the graph sums the trace up; a box goes from span to span, arrows from box to box", async () => {
  const user = userEvent.setup();
  const page = renderPage("/traces/t1?span=agent", traceAnswers(agent, one, two));
  await user.click(await screen.findByRole("button", { name: "Agents at a glance" }));
  await waitFor(() => expect(page.at()).toContain("show=graph"));
  const boss = await screen.findByRole("button", { name: /^agent, 1 call, 100 ms/ });
  const tool = screen.getByRole("button", { name: "look_up, 2 calls, 2 ms, 1 failed" });
  expect([boss.getAttribute("aria-pressed"), tool.getAttribute("aria-pressed")]).toEqual(["true", "false"]);
  boss.focus();
  await user.keyboard("{ArrowRight}");
  expect(document.activeElement).toBe(tool);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(page.at()).toContain("span=one"));
  await user.click(tool);
  await waitFor(() => expect(page.at()).toContain("span=two"));
  await user.click(screen.getByRole("button", { name: "Show the tree" }));
  expect(await screen.findByRole("tree")).toBeTruthy();
  expect(page.at()).not.toContain("view=");
});
