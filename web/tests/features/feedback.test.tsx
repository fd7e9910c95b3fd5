// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { shownValue, typedValue } from "@/model/assessment";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const judgement = (id: string, more: object = {}) => ({
  assessment_id: id,
  trace_id: "t1",
  kind: "feedback",
  name: "helpful",
  value: true,
  source: { type: "HUMAN", id: "mika" },
  rationale: null,
  metadata: {},
  span_id: null,
  author: null,
  created_at_ns: "1795478400000000000",
  updated_at_ns: "1795478400000000000",
  ...more,
});

function open(kept: object[]) {
  const answers = { ...traceAnswers(spanDetail(spanSummary("root", null, "AGENT", 1000))), "/api/session": { name: "anonymous", role: "admin", has_session: false } };
  const page = renderPage("/traces/t1?span=root&tab=feedback", { ...answers, "/api/traces/t1/assessments": () => ({ assessments: kept }) });
  const reading = globalThis.fetch;
  const sent = vi.fn<(method: string, path: string, body: unknown) => void>();
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    if (init.method === undefined) return reading(url, init);
    sent(init.method, url, typeof init.body === "string" ? JSON.parse(init.body) : undefined);
    return Promise.resolve(Response.json({}, { status: 200 }));
  });
  return { page, sent };
}

test("what was typed is a number, a verdict or words, and is shown as it was typed", () => {
  expect(["0.8", "-3", "true", "false", "4 stars", ""].map(typedValue)).toEqual([0.8, -3, true, false, "4 stars", ""]);
  expect([0.8, true, "good", { a: 1 }].map(shownValue)).toEqual(["0.8", "true", "good", '{"a":1}']);
});

test("judgements of the span and of its trace stand with their comment and author", async () => {
  open([
    judgement("1", { rationale: "To the point.", span_id: "root" }),
    judgement("2", { name: "score", value: 0.8, source: { type: "LLM_JUDGE", id: "judge-1" } }),
    judgement("3", { span_id: "other" }),
  ]);
  const items = await screen.findAllByRole("listitem");
  expect(items.map((item) => item.textContent)).toEqual([
    expect.stringMatching(/^helpfulYesmika.*To the point\.$/),
    expect.stringMatching(/^score0\.8of the traceJudge · judge-1/),
  ]);
  expect(screen.getByText("1 more on other span of this trace.")).toBeTruthy();
});

test("one is written, of the trace where the span is its first", async () => {
  const user = userEvent.setup();
  const { sent } = open([]);
  const form = await screen.findByRole("form", { name: "Add feedback" });
  const save = within(form).getByRole("button", { name: "Save" });
  expect(save).toHaveProperty("disabled", true);
  await user.type(within(form).getByRole("combobox", { name: "Name" }), "correct");
  await user.click(within(form).getByRole("radio", { name: "No" }));
  await user.type(within(form).getByRole("textbox", { name: "Comment" }), "Wrong city.");
  await user.click(save);
  await waitFor(() =>
    expect(sent).toHaveBeenCalledWith("POST", "/api/traces/t1/assessments", {
      kind: "feedback",
      name: "correct",
      value: false,
      rationale: "Wrong city.",
      span_id: null,
      source: { type: "HUMAN", id: "page" },
    }),
  );
  // The form is empty again.
  await waitFor(() => expect(screen.getByRole("combobox", { name: "Name" })).toHaveProperty("value", ""));
});

test("one is edited, and deleted only when asked twice", async () => {
  const user = userEvent.setup();
  const { sent } = open([judgement("1", { name: "score", value: 0.8 })]);
  await user.click(await screen.findByRole("button", { name: "Edit" }));
  const form = screen.getByRole("form", { name: "Edit" });
  const value = within(form).getByRole("textbox", { name: "Value" });
  await user.clear(value);
  await user.type(value, "0.5");
  await user.click(within(form).getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent).toHaveBeenCalledWith("PATCH", "/api/traces/t1/assessments/1", { name: "score", value: 0.5, rationale: null }));
  await user.click(await screen.findByRole("button", { name: "Delete" }));
  expect(sent).toHaveBeenCalledTimes(1);
  await user.click(screen.getByRole("button", { name: "Really delete" }));
  await waitFor(() => expect(sent).toHaveBeenLastCalledWith("DELETE", "/api/traces/t1/assessments/1", undefined));
});
