import { describe, expect, test } from "vitest";
import { parseSearch, stringifySearch, traceSearch } from "@/model/address";
import { mergeFresh } from "@/model/freshRows";
import { jsonRows, openWithin } from "@/model/jsonRows";
import { shortModel, spanLabel } from "@/model/modelName";
import { latencyShare, medianByName, slowTimes } from "@/model/slowness";
import { readEvent } from "@/model/spanEvents";
import { barOf, ticks, timeWindow, withRoom } from "@/model/timeline";
import { MS, row, span } from "../make";

test.each([
  ["us.anthropic.claude-3-5-sonnet-20241022-v2:0", "sonnet 3.5 v2"],
  ["anthropic.claude-3-5-sonnet-20240620-v1:0", "sonnet 3.5"],
  ["anthropic.claude-haiku-4-5-20251001-v1:0", "haiku 4.5"],
  ["global.anthropic.claude-sonnet-4-20250514-v1:0", "sonnet 4"],
  ["amazon.nova-pro-v1:0", "nova pro"],
  ["meta.llama3-1-70b-instruct-v1:0", "llama3.1 70b instruct"],
  ["mistral.mistral-large-2407-v1:0", "large 2407"],
  ["amazon.titan-embed-text-v2:0", "titan embed text v2"],
  ["cohere.command-r-plus-v1:0", "command r plus"],
  ["arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", "nova lite"],
  ["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-5-sonnet-20240620-v1:0", "sonnet 3.5"],
  ["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4-e5", "a1b2c3d4-e5"],
  ["arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc-1", "abc-1"],
  ["arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1", "claude"],
  ["arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT12345:2", "PROMPT12345:2"],
  ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-model-7", "my-model-7"],
  ["my-model", "my model"],
  ["", ""],
])("model %s is called %s", (id, name) => {
  expect(shortModel(id)).toBe(name);
});

test("a span's label leaves the model id away, unless that is all there is", () => {
  expect(spanLabel("chat amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0")).toBe("chat");
  expect(spanLabel("amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0")).toBe("amazon.nova-pro-v1:0");
  expect(spanLabel("weather_agent", null)).toBe("weather_agent");
});

describe("the list", () => {
  test("newer traces wait, known ones are renewed in place, and nothing moves", () => {
    const shown = [row("b", 20), row("a", 10)];
    const fresh = mergeFresh(shown, [row("c", 30), row("b", 20, { status: "ERROR" }), row("a", 10)], true);
    expect(fresh.rows.map(({ id, status }) => [id, status])).toEqual([["b", "ERROR"], ["a", "OK"]]);
    expect([fresh.waiting.map(({ id }) => id), fresh.isMore]).toEqual([["c"], false]);
  });

  test("rows keep their identity while nothing has come", () => {
    const shown = [row("a", 10)];
    expect(mergeFresh(shown, [], true).rows).toBe(shown);
  });

  test("if all that was looked at is new, there may be more", () => {
    expect(mergeFresh([row("a", 10)], [row("c", 30), row("b", 20)], false)).toMatchObject({ waiting: [{ id: "c" }, { id: "b" }], isMore: true });
  });

  test("older traces on the newest page are not new", () => {
    expect(mergeFresh([row("b", 20)], [row("b", 20), row("a", 10)], true).waiting).toEqual([]);
  });

  test("slow is more than three times the median of the same name, if there are enough to say so", () => {
    const rows = Array.from({ length: 9 }, (_, i) => row(`r${i}`, i));
    const slow = row("slow", 10, { durationNs: 4000 * MS });
    expect(slowTimes(slow, medianByName([...rows, slow]))).toBeCloseTo(4);
    expect(slowTimes(row("usual", 11), medianByName(rows))).toBeNull();
    expect(slowTimes(slow, medianByName([slow]))).toBeNull();
  });

  test("the latency bar grows within bounds", () => {
    expect(latencyShare(0)).toBe(0);
    expect(latencyShare(30e9)).toBe(1);
    expect(latencyShare(300e9)).toBe(1);
    expect(latencyShare(2e9)).toBeLessThan(latencyShare(4e9));
  });
});

describe("the time axis", () => {
  test("a bar lies where its span lay, its notch where the first token came", () => {
    const spans = [span("root", null, "AGENT", 1000, 400), span("call", "root", "LLM", 1100, 200, { firstTokenNs: 50 * MS })];
    const window = timeWindow(spans);
    expect(window.lengthNs).toBe(400 * MS);
    expect(barOf(spans[1] ?? span("", null, "", 0, 0), window)).toEqual({ left: 0.25, width: 0.5, notch: 0.25 });
  });

  test("a span of no length and a trace of no spans break nothing", () => {
    const instant = span("a", null, "TOOL", 5, 0, { firstTokenNs: 0 });
    expect(barOf(instant, timeWindow([instant]))).toEqual({ left: 0, width: 0, notch: null });
    expect(timeWindow([]).lengthNs).toBe(1);
  });

  test("marks are round and few", () => {
    expect(ticks(2310 * MS, 4)).toEqual([1000 * MS, 2000 * MS]);
    expect(ticks(38.4e9, 4)).toEqual([10e9, 20e9, 30e9]);
    expect(ticks(0, 4)).toEqual([]);
  });
});

describe("JSON as rows", () => {
  const value = { a: [1, { b: "x" }], c: {}, d: null };

  test("only what is open is listed", () => {
    expect(jsonRows(value, new Set()).map(({ id }) => id)).toEqual(["$"]);
    expect(jsonRows(value, new Set(), true).map(({ id, depth }) => [id, depth])).toEqual([["a", 0], ["c", 0], ["d", 0]]);
    expect(jsonRows(value, new Set(["a", "a[1]"]), true).map(({ id, depth }) => [id, depth])).toEqual([["a", 0], ["a[0]", 1], ["a[1]", 1], ["a[1].b", 2], ["c", 0], ["d", 0]]);
  });

  test("a plain value is one row even when its own row would be left out", () => {
    expect(jsonRows("x", new Set(), true)).toHaveLength(1);
  });

  test("what opens at first stays within the budget, level by level", () => {
    expect([...openWithin(value, 100)]).toEqual(["$", "a", "a[1]"]);
    expect([...openWithin({ big: Array.from({ length: 500 }, () => 1), small: { x: 1 } }, 80)]).toEqual(["$", "small"]);
  });
});

describe("events", () => {
  const event = (name: string, attributes: Record<string, unknown>) => readEvent({ name, timeNs: 0n, attributes });

  test("attempts say their number, code and status", () => {
    expect(event("outcrop.attempt", { "outcrop.attempt.number": 2, "error.type": "ThrottlingException", "http.response.status_code": 429, x: 1 })).toMatchObject({ kind: "attempt", number: "2", code: "ThrottlingException", status: "429", rest: [["x", 1]] });
  });

  test("exceptions say type, message and stack; the rest stays", () => {
    expect(event("exception", { "exception.type": "E", "exception.message": "m", "exception.stacktrace": "s" })).toMatchObject({ kind: "exception", type: "E", message: "m", stack: "s", rest: [] });
    expect(event("note", { a: 1 })).toMatchObject({ kind: "other", rest: [["a", 1]] });
  });
});

describe("addresses", () => {
  test("ids that look like numbers stay ids", () => {
    expect(traceSearch(parseSearch("?span=1234567890123456&tab=io&chunk=7&experiment=42"))).toEqual({ span: "1234567890123456", tab: "io", chunk: 7, experiment: "42" });
  });

  test("what is not known is left out", () => {
    expect(traceSearch(parseSearch("?tab=nonsense&chunk=-1&span="))).toEqual({});
  });

  test("an experiment's slashes stay readable", () => {
    expect(stringifySearch({ experiment: "/Shared/demo", at: undefined })).toBe("?experiment=/Shared/demo");
    expect(parseSearch("?experiment=/Shared/demo%20%26%20more")).toEqual({ experiment: "/Shared/demo & more" });
  });
});

test("labels of the axis neither touch nor are cut", () => {
  const at = (...shares: number[]) => shares.map((share) => ({ share }));
  const narrow = { edge: 0.78, gap: 0.45 };
  expect(withRoom(at(0.35, 0.7), narrow)).toEqual(at(0.35));
  expect(withRoom(at(0.2, 0.4, 0.7, 0.9), narrow)).toEqual(at(0.2, 0.7));
  expect(withRoom(at(0.88), narrow)).toEqual([]);
  expect(withRoom(at(0.25, 0.5, 0.75), { edge: 0.88, gap: 0.15 })).toEqual(at(0.25, 0.5, 0.75));
});
