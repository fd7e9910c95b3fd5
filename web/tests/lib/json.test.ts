import { expect, test } from "vitest";
import { inlineJson, parseJsonText, pathText } from "@/lib/json";

test("only objects and arrays count as JSON in a text", () => {
  expect(parseJsonText(' {"a": 1} ')).toEqual({ a: 1 });
  expect(parseJsonText("[1]")).toEqual([1]);
  expect(parseJsonText("5")).toBeUndefined();
  expect(parseJsonText("{not json}")).toBeUndefined();
  expect(parseJsonText("[see] this (text]")).toBeUndefined();
});

test("a value on one line is cut, however large it is", () => {
  expect(inlineJson({ city: "San Francisco, CA" })).toBe('{city: "San Francisco, CA"}');
  expect(inlineJson({ "a b": [1, null, true] })).toBe('{"a b": [1, null, true]}');
  const line = inlineJson(Array.from({ length: 1_000_000 }, (_, i) => i), 50);
  expect(line.length).toBeLessThanOrEqual(50);
  expect(line.endsWith("…")).toBe(true);
});

test("a path reads as code", () => {
  expect(pathText(["inputs", "messages", 0, "content"])).toBe("inputs.messages[0].content");
  expect(pathText(["a", "b c", "ü"])).toBe('a["b c"]["ü"]');
});
