import { expect, test } from "vitest";
import { spanThatMatters } from "@/model/focus";
import { ancestors, buildTree, descendants, visibleNodes } from "@/model/tree";
import { span } from "../make";

const names = (nodes: readonly { span: { id: string } }[]): string[] => nodes.map(({ span: { id } }) => id);
const shut = (...ids: string[]) => (node: { span: { id: string } }): boolean => ids.includes(node.span.id);
const open = shut();

test("children stand under their parents in order of start", () => {
  const tree = buildTree([span("late", "root", "TOOL", 5, 1), span("root", null, "AGENT", 0, 9), span("early", "root", "LLM", 1, 1), span("deep", "early", "TOOL", 2, 1)]);
  expect(names(visibleNodes(tree, open))).toEqual(["root", "early", "deep", "late"]);
  expect(tree.byId.get("deep")?.depth).toBe(2);
});

test("what is folded hides all that lies below it", () => {
  const tree = buildTree([span("root", null, "AGENT", 0, 9), span("a", "root", "CHAIN", 1, 3), span("b", "a", "LLM", 2, 1), span("c", "root", "TOOL", 5, 1)]);
  expect(names(visibleNodes(tree, shut("a")))).toEqual(["root", "a", "c"]);
  expect(names(visibleNodes(tree, shut("root")))).toEqual(["root"]);
});

test("a span whose parent has not come is a root, and so are spans that go in a circle", () => {
  const tree = buildTree([span("orphan", "missing", "LLM", 3, 1), span("x", "y", "LLM", 1, 1), span("y", "x", "LLM", 2, 1)]);
  expect(names(visibleNodes(tree, open)).sort()).toEqual(["orphan", "x", "y"]);
  expect(names(visibleNodes(buildTree([span("self", "self", "LLM", 0, 1)]), open))).toEqual(["self"]);
});

test("a chain of ten thousand spans is no trouble", () => {
  const spans = Array.from({ length: 10_000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`, "CHAIN", i, 1));
  const tree = buildTree(spans);
  const last = tree.byId.get("s9999");
  expect(last?.depth).toBe(9999);
  expect(last && ancestors(last)).toHaveLength(9999);
  expect(tree.roots[0] && descendants(tree, tree.roots[0])).toHaveLength(9999);
});

test("a trace opens at the error where it arose, not where it was passed on", () => {
  const failed = { status: "ERROR" as const };
  const tree = buildTree([span("root", null, "AGENT", 0, 9, failed), span("chain", "root", "CHAIN", 1, 8, failed), span("call", "chain", "LLM", 2, 1, failed), span("later", "root", "LLM", 5, 1)]);
  expect(spanThatMatters(tree)?.id).toBe("call");
});

test("without an error it opens at the root's last model call, though one may lie deeper and later", () => {
  const tree = buildTree([span("root", null, "AGENT", 0, 9), span("one", "root", "CHAT_MODEL", 1, 1), span("sub", "root", "AGENT", 3, 5), span("inner", "sub", "LLM", 7, 1), span("two", "root", "CHAT_MODEL", 4, 1), span("tool", "root", "TOOL", 8, 1)]);
  expect(spanThatMatters(tree)?.id).toBe("two");
});

test("else at a deeper model call, else at the root, else nowhere", () => {
  expect(spanThatMatters(buildTree([span("root", null, "CHAIN", 0, 9), span("sub", "root", "CHAIN", 1, 5), span("inner", "sub", "LLM", 2, 1)]))?.id).toBe("inner");
  expect(spanThatMatters(buildTree([span("root", null, "CHAIN", 0, 9), span("tool", "root", "TOOL", 1, 1)]))?.id).toBe("root");
  expect(spanThatMatters(buildTree([]))).toBeNull();
});
