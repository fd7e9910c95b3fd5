import { expect, test } from "vitest";
import { agentGraph } from "@/model/agentGraph";
import { BOX, layoutGraph, neighbour } from "@/model/graphLayout";
import { buildTree } from "@/model/tree";
import { MS, span } from "../make";

const model = { model: "amazon.nova-lite-v1:0", name: "chat amazon.nova-lite-v1:0", costUsd: 0.5, usage: { input: 10, output: 2, total: 12, cacheRead: null, cacheWrite: null } };
const TREE = buildTree([
  span("root", null, "CHAIN", 0, 100, { name: "handle" }),
  span("boss", "root", "AGENT", 0, 90, { name: "boss" }),
  span("m1", "boss", "CHAT_MODEL", 1, 10, model),
  span("wrap", "boss", "CHAIN", 12, 20, { name: "helper" }),
  span("t1", "wrap", "TOOL", 13, 5, { name: "execute_tool look_up", status: "ERROR" }),
  span("t2", "wrap", "TOOL", 19, 6, { name: "look_up" }),
  span("sub", "boss", "AGENT", 40, 30, { name: "writer" }),
  span("m2", "sub", "CHAT_MODEL", 41, 10, model),
  span("again", "sub", "AGENT", 55, 10, { name: "boss" }),
]);

test("spans are summed by who they are; functions between them are left out", () => {
  const { actors, calls } = agentGraph(TREE);
  expect(actors.map(({ key, count, errors, timeNs, costUsd }) => [key, count, errors, timeNs / MS, costUsd])).toEqual([
    ["function:handle", 1, 0, 100, null],
    ["agent:boss", 2, 0, 100, null],
    ["model:nova lite", 2, 0, 20, 1],
    ["tool:look_up", 2, 1, 11, null],
    ["agent:writer", 1, 0, 30, null],
  ]);
  expect(actors[2]).toMatchObject({ inputTokens: 20, outputTokens: 4, spanIds: ["m1", "m2"] });
  expect(calls.map(({ from, to, count, errors }) => [from, to, count, errors])).toEqual([
    ["function:handle", "agent:boss", 1, 0],
    ["agent:boss", "model:nova lite", 1, 0],
    ["agent:boss", "tool:look_up", 2, 1],
    ["agent:boss", "agent:writer", 1, 0],
    ["agent:writer", "model:nova lite", 1, 0],
    ["agent:writer", "agent:boss", 1, 0],
  ]);
});

test("hundreds of names that differ by a number are one actor", () => {
  const steps = Array.from({ length: 330 }, (_, i) => span(`s${i}`, "root", "AGENT", i, 1, { name: `step ${i}` }));
  const { actors } = agentGraph(buildTree([span("root", null, "WORKFLOW", 0, 400), ...steps]));
  expect(actors.map(({ name, count }) => [name, count])).toEqual([["root", 1], ["step #", 330]]);
  const words = Array.from({ length: 330 }, (_, i) => span(`s${i}`, "root", "TOOL", i, 1, { name: `tool-${String.fromCharCode(97 + (i % 26), 97 + (i % 25))}` }));
  expect(agentGraph(buildTree([span("root", null, "AGENT", 0, 400), ...words])).actors).toHaveLength(13);
});

test("who is called stands right of who calls, boxes do not overlap, and all lines are drawn", () => {
  const layout = layoutGraph(agentGraph(TREE));
  const column = Object.fromEntries(layout.actors.map((actor) => [actor.name, actor.column]));
  expect(column).toEqual({ handle: 0, boss: 1, writer: 2, look_up: 2, "nova lite": 3 });
  for (const a of layout.actors) {
    expect([a.x >= 0, a.y >= 0, a.x + BOX.width <= layout.width, a.y + BOX.height <= layout.height]).toEqual([true, true, true, true]);
    for (const b of layout.actors) if (a !== b && a.column === b.column) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(BOX.height);
  }
  expect(layout.calls).toHaveLength(6);
  expect(layout.calls.every(({ path }) => /^M[\d. ]+C[\d. ]+$/.test(path))).toBe(true);
});

test("actors that all call each other are still laid out, and nothing is nothing", () => {
  const actor = (name: string) => ({ key: name, kind: "agent" as const, name, count: 1, errors: 0, timeNs: 1, costUsd: null, inputTokens: 0, outputTokens: 0, spanIds: [name] });
  const call = (from: string, to: string) => ({ from, to, count: 1, errors: 0 });
  const layout = layoutGraph({ actors: [actor("a"), actor("b")], calls: [call("a", "b"), call("b", "a"), call("a", "a")] });
  expect(layout.actors.map(({ name, column }) => [name, column])).toEqual([["a", 0], ["b", 1]]);
  expect(layout.calls).toHaveLength(3);
  expect(layoutGraph({ actors: [], calls: [] }).actors).toEqual([]);
});

test("arrows lead to the nearest box in their direction", () => {
  const layout = layoutGraph(agentGraph(TREE));
  const of = (name: string) => layout.actors.find((actor) => actor.name === name);
  const boss = of("boss");
  if (!boss) throw new Error("no boss");
  expect(neighbour(layout, boss, "left")?.name).toBe("handle");
  expect(["look_up", "writer"]).toContain(neighbour(layout, boss, "right")?.name);
  expect(neighbour(layout, boss, "up")).toBeNull();
  const writer = of("writer");
  const tool = of("look_up");
  if (!writer || !tool) throw new Error("not there");
  const [upper, lower] = writer.y < tool.y ? [writer, tool] : [tool, writer];
  expect(neighbour(layout, upper, "down")).toBe(lower);
});
