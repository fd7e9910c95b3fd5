import { expect, test } from "vitest";
import { readItems, writeItems } from "@/model/compareItems";
import { fitOf, fitting, traceIdIn, type Command } from "@/model/palette";

const command = (group: string, name: string, hint?: string): Command => ({ id: name, group, name, run: () => undefined, ...(hint !== undefined && { hint }) });
const ID = "0123456789abcdef0123456789abcdef";

test("a beginning fits better than a word's beginning, that better than the middle, that better than letters alone", () => {
  const fits = ["Traces", "All traces", "Retraced", "Theme: repeat a case", "Sessions"].map((name) => fitOf(name, "trac"));
  expect(fits).toEqual([100, 80, 50, 10, -1]);
  expect(fitOf("Theme: dark", "dark the")).toBe(40);
  expect(fitOf("Go to overview", "gov")).toBe(10);
  expect(fitOf("言語: 日本語", "日本")).toBe(80);
  expect(fitOf("anything", "  ")).toBe(0);
});

test("groups stand in the order of their best command, and each shows its best ones", () => {
  const all = [command("Go", "Traces"), command("Go", "Sessions"), ...["a", "b", "c"].map((end) => command("Experiments", `/Shared/sessions-${end}`)), command("Page", "Theme", "looks session-wise")];
  expect(fitting(all, "sess", 2).map(({ name }) => name)).toEqual(["Sessions", "/Shared/sessions-a", "/Shared/sessions-b", "Theme"]);
  expect(fitting(all, "", 9)).toEqual(all);
  expect(fitting(all, "zzz", 9)).toEqual([]);
});

test("a trace's id is found in what was pasted", () => {
  for (const text of [ID, ID.toUpperCase(), `tr-${ID}`, `  ${ID} `, `http://127.0.0.1:5115/traces/${ID}?span=1`]) expect(traceIdIn(text)).toBe(ID);
  for (const text of ["", ID.slice(1), `${ID}0`, "refund", `x${ID}`]) expect(traceIdIn(text)).toBeNull();
});

test("what is compared stands in the address, each once and ten at most", () => {
  expect(readItems("a,b:1, a ,,b:1,b:")).toEqual([{ traceId: "a", spanId: null }, { traceId: "b", spanId: "1" }, { traceId: "b", spanId: null }]);
  expect(writeItems(readItems("a,b:1"))).toBe("a,b:1");
  expect(readItems(undefined)).toEqual([]);
  expect(readItems(Array.from({ length: 30 }, (_, i) => `t${i}`).join(","))).toHaveLength(10);
});
