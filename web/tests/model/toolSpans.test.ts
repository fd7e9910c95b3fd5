import { expect, test } from "vitest";
import { readConversation } from "@/model/conversation";
import { toolSpans } from "@/model/toolSpans";
import { buildTree } from "@/model/tree";
import { call, chat, message, span } from "../make";

const tool = (id: string, name: string, start: number, parent = "agent") => span(id, parent, "TOOL", start, 1, { name });

const tree = buildTree([
  span("agent", null, "AGENT", 0, 100),
  span("first", "agent", "LLM", 1, 5),
  tool("t1", "get", 10),
  tool("t2", "get.tool", 12),
  span("second", "agent", "LLM", 20, 5),
  tool("t3", "execute_tool get", 30),
  span("other", null, "AGENT", 0, 100),
  tool("foreign", "get", 11, "other"),
]);
const found = (spanId: string, calls: ReturnType<typeof readConversation>["calls"]) =>
  [...toolSpans(tree, spanId, calls)].map(([index, { id }]) => [index, id]);

test("the calls of an answer are those that ran after it, in order", () => {
  const { calls } = readConversation(chat([], [message("assistant", call("1", "get"), call("2", "get"), call("3", "unknown"))]));
  expect(found("first", calls)).toEqual([[0, "t1"], [1, "t2"]]);
});

test("the calls of the history ran before, the newest last; older ones are of other traces", () => {
  const { calls } = readConversation(chat([message("assistant", call("0", "get")), message("assistant", call("1", "get")), message("assistant", call("2", "get"))], [message("assistant", call("3", "get"))]));
  expect(found("second", calls)).toEqual([[1, "t1"], [2, "t2"], [3, "t3"]]);
});

test("a span that is not in the tree has none", () => {
  expect(found("missing", [])).toEqual([]);
});
