import { describe, expect, test } from "vitest";
import { readOutline } from "@/api/readOutline";
import { formatMark } from "@/lib/format";
import { criticalPath } from "@/model/criticalPath";
import { CLOSED, firstFolding, isFolded, OPEN, reveal, turn } from "@/model/folding";
import { minimap } from "@/model/minimap";
import { ticksWithin, timeWindow } from "@/model/timeline";
import { isWhole, panned, pinched, stretchOf, wholeView, windowOf, zoomed } from "@/model/timeView";
import type { Span } from "@/model/trace";
import { buildTree, visibleNodes, type SpanTree } from "@/model/tree";
import { searchTree, stepTo } from "@/model/treeSearch";
import { MS, span } from "../make";

const ids = (nodes: readonly { span: Span }[]): string[] => nodes.map((node) => node.span.id);
const seen = (tree: SpanTree, folding: Parameters<typeof isFolded>[0]): string[] => ids(visibleNodes(tree, (node) => isFolded(folding, node)));

describe("the critical path", () => {
  const pathOf = (...spans: Span[]): Record<string, [number, number][]> => {
    const tree = buildTree(spans);
    const path = criticalPath(tree, timeWindow(spans));
    return Object.fromEntries([...path].map(([id, segments]) => [id, segments.map(({ fromNs, toNs }): [number, number] => [fromNs / MS, toNs / MS])]));
  };

  test("is the child that ended last, what was waited for before it began, and the span's own time between", () => {
    const path = pathOf(span("root", null, "AGENT", 0, 100), span("one", "root", "LLM", 10, 30), span("two", "root", "TOOL", 50, 40));
    expect(path).toEqual({ root: [[0, 10], [40, 50], [90, 100]], one: [[10, 40]], two: [[50, 90]] });
  });

  test("leaves out what ran beside a longer span", () => {
    const path = pathOf(span("root", null, "AGENT", 0, 100), span("short", "root", "LLM", 10, 20), span("long", "root", "LLM", 5, 95));
    expect(path).toEqual({ root: [[0, 5]], long: [[5, 100]] });
  });

  test("counts a child that outlives its parent only until the parent's end", () => {
    const path = pathOf(span("root", null, "AGENT", 0, 100), span("part", "root", "CHAIN", 0, 40), span("stray", "part", "TOOL", 20, 70));
    expect(path).toEqual({ root: [[40, 100]], part: [[0, 20]], stray: [[20, 40]] });
  });

  test("goes through all roots where there are several, and through 50,000 levels", () => {
    expect(pathOf(span("a", null, "LLM", 0, 10), span("b", null, "LLM", 10, 10))).toEqual({ a: [[0, 10]], b: [[10, 20]] });
    const deep = Array.from({ length: 50_000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`, "CHAIN", 0, 100));
    expect(Object.keys(pathOf(...deep))).toEqual(["s49999"]);
  });
});

describe("folding", () => {
  const tree = buildTree([span("root", null, "AGENT", 0, 9), span("a", "root", "CHAIN", 1, 3), span("b", "a", "LLM", 2, 1, { status: "ERROR" }), span("c", "root", "TOOL", 5, 1)]);

  test("a small trace opens whole, and all can be folded but the roots", () => {
    expect(firstFolding(tree, 4)).toBe(OPEN);
    expect(seen(tree, OPEN)).toEqual(["root", "a", "b", "c"]);
    expect(seen(tree, CLOSED)).toEqual(["root", "a", "c"]);
    expect(seen(tree, turn(CLOSED, "a"))).toEqual(["root", "a", "b", "c"]);
    expect(seen(tree, turn(turn(OPEN, "root"), "root"))).toEqual(["root", "a", "b", "c"]);
  });

  test("what is chosen comes in sight by opening what is above it alone", () => {
    const node = tree.byId.get("b");
    expect(node && seen(tree, reveal(turn(CLOSED, "root"), node))).toEqual(["root", "a", "b", "c"]);
    expect(node && reveal(OPEN, node)).toBe(OPEN);
  });

  test("a large trace opens level by level, and stays so while the rest of it comes", () => {
    const steps = Array.from({ length: 330 }, (_, i) => span(`s${i}`, "root", "AGENT", i, 1));
    const calls = Array.from({ length: 3300 }, (_, i) => span(`c${i}`, `s${i % 330}`, "LLM", i, 1));
    const whole = [span("root", null, "AGENT", 0, 9), ...steps, ...calls];
    const part = buildTree(whole.slice(0, 1000));
    expect(firstFolding(part, whole.length)).toEqual(firstFolding(buildTree(whole), whole.length));
    expect(seen(buildTree(whole), firstFolding(part, whole.length))).toHaveLength(331);
  });

  test("every span knows how much lies below it and how much of that failed", () => {
    expect(["root", "a", "b"].map((id) => [tree.byId.get(id)?.below, tree.byId.get(id)?.errorsBelow])).toEqual([[3, 1], [1, 1], [0, 0]]);
  });
});

describe("searching the tree", () => {
  const error = { type: "ThrottlingException", message: "Slow down." };
  const tree = buildTree([
    span("root", null, "AGENT", 0, 9, { name: "weather_agent" }),
    span("one", "root", "CHAT_MODEL", 1, 1, { name: "chat", model: "amazon.nova-lite-v1:0" }),
    span("two", "root", "CHAT_MODEL", 2, 1, { name: "chat", model: "amazon.nova-lite-v1:0", status: "ERROR", error }),
    span("three", "root", "TOOL", 3, 1, { name: "get_weather" }),
  ]);

  test.each([
    ["weather", ["root", "three"]],
    ["CHAT nova", ["one", "two"]],
    ["throttling", ["two"]],
    ["slow down", ["two"]],
    ["error", ["two"]],
    ["tool", ["three"]],
    ["two", ["two"]],
    ["nothing", []],
    ["  ", []],
  ])("%s", (words, found) => expect(ids(searchTree(tree, words))).toEqual(found));

  test("one goes from match to match, and round", () => {
    const matches = searchTree(tree, "chat");
    const from = (id: string) => tree.byId.get(id);
    expect(stepTo(matches, undefined, 1)?.span.id).toBe("one");
    expect(stepTo(matches, from("root"), 1)?.span.id).toBe("one");
    expect(stepTo(matches, from("one"), 1)?.span.id).toBe("two");
    expect(stepTo(matches, from("three"), 1)?.span.id).toBe("one");
    expect(stepTo(matches, from("one"), -1)?.span.id).toBe("two");
    expect(stepTo([], from("one"), 1)).toBeUndefined();
  });
});

describe("the time in sight", () => {
  const window = { startNs: 1000n, lengthNs: 100 * MS };

  test("zooms about a place, moves, and stops at the ends", () => {
    const half = zoomed(wholeView(window), window, 0.5, 2);
    expect(half).toEqual({ fromNs: 25 * MS, toNs: 75 * MS });
    expect(panned(half, window, 0.25)).toEqual({ fromNs: 37.5 * MS, toNs: 87.5 * MS });
    expect(panned(half, window, 9)).toEqual({ fromNs: 50 * MS, toNs: 100 * MS });
    expect(isWhole(zoomed(half, window, 0.3, 0.1), window)).toBe(true);
    expect(windowOf(half, window)).toEqual({ startNs: 1000n + 25_000_000n, lengthNs: 50 * MS });
  });

  test("a stretch has its ends in any order, and is neither outside nor nothing", () => {
    expect(stretchOf(60 * MS, 20 * MS, window)).toEqual({ fromNs: 20 * MS, toNs: 60 * MS });
    expect(stretchOf(99.9999 * MS, 200 * MS, window)).toEqual({ fromNs: 0, toNs: 100 * MS });
    const least = stretchOf(50 * MS, 50 * MS, window);
    expect(least.toNs - least.fromNs).toBe(1000);
    expect(zoomed(least, window, 0.5, 8)).toEqual(least);
  });

  test("marks within it are round moments of the trace, told apart by their digits", () => {
    const { marks, stepNs } = ticksWithin(12_003 * MS, 12_019 * MS, 4);
    expect(marks.map((at) => formatMark(at, stepNs))).toEqual(["12.005 s", "12.010 s", "12.015 s"]);
    expect(formatMark(200 * MS, 200 * MS)).toBe("200 ms");
    expect(formatMark(120e9, 60e9)).toBe("2 m 00 s");
  });
});

test("a minimap says how much ran, of what kind, and where something failed", () => {
  const spans = [
    span("root", null, "AGENT", 0, 100),
    span("one", "root", "LLM", 0, 50),
    span("two", "root", "TOOL", 25, 25, { status: "ERROR" }),
    span("three", "root", "TOOL", 75, 25),
  ];
  const columns = minimap(buildTree(spans), timeWindow(spans), 4);
  expect(columns).toEqual([
    { height: 0.5, kind: "model", hasError: false },
    { height: 1, kind: "model", hasError: true },
    null,
    { height: 0.5, kind: "tool", hasError: false },
  ]);
});

test("columns become spans, with texts shared and what is unknown null", () => {
  const [root, call] = readOutline({
    base_time_ns: "1000000000000000000",
    span_ids: "00000000000000010000000000000002",
    parent_ids: "00000000000000000000000000000001",
    start_offsets_ns: [0, 5],
    durations_ns: [10, 3],
    words: ["agent", "AGENT", "OK", "chat", "LLM", "ERROR", "nova"],
    names: [0, 3],
    types: [1, 4],
    statuses: [2, 5],
    models: [null, 6],
    failures: [{ type: "T", message: "m" }],
    errors: [null, 0],
    first_chunks_ns: [null, 2],
    input_tokens: [null, 7],
    output_tokens: [null, null],
    costs_usd: [null, 0.5],
    next_after: null,
  });
  expect(root).toMatchObject({ id: "0000000000000001", parentId: null, name: "agent", kind: "agent", status: "OK", error: null, usage: null, model: null });
  expect(call).toMatchObject({ parentId: "0000000000000001", kind: "model", startNs: 1000000000000000005n, durationNs: 3, model: "nova", firstTokenNs: 2, isStream: true, costUsd: 0.5 });
  expect(call).toMatchObject({ error: { type: "T", message: "m" }, usage: { input: 7, output: null } });
});

describe("two fingers", () => {
  const second = { startNs: 0n, lengthNs: 1e9 };
  const view = { fromNs: 2e8, toNs: 6e8 };

  test("what was under each finger stays under it", () => {
    // From 0.25 and 0.75 to 0.2 and 0.9: of 400 ms, 200 lay between them, which now are seven tenths.
    const { fromNs, toNs } = pinched(view, second, [0.25, 0.75], [0.2, 0.9]);
    const length = toNs - fromNs;
    expect(fromNs + 0.2 * length).toBeCloseTo(3e8, 3);
    expect(fromNs + 0.9 * length).toBeCloseTo(5e8, 3);
  });

  test("that move alike move the view, and those at one place do not tear it", () => {
    expect(pinched(view, second, [0.2, 0.6], [0.3, 0.7])).toEqual({ fromNs: expect.closeTo(1.6e8, 3) as number, toNs: expect.closeTo(5.6e8, 3) as number });
    const { fromNs, toNs } = pinched(view, second, [0.5, 0.5], [0.45, 0.55]);
    expect(toNs - fromNs).toBeCloseTo(2e8, 3);
  });
});
