// What the list's URL, strip and highlights are made of.
import { expect, test } from "vitest";
import { formatStretch } from "@/lib/format";
import { listSearch, parseSearch, stringifySearch } from "@/model/address";
import { stretchBetween } from "@/model/histogram";
import { joinedHead } from "@/model/freshRows";
import { shortOperation } from "@/model/modelName";
import { markedPieces } from "@/model/marks";
import { boundsOf } from "@/model/timeRange";
import { row } from "../make";

const MINUTE = 60_000;
const none = { range: undefined, from: undefined, to: undefined } as const;

test("what the URL holds is read back, and what means nothing is left out", () => {
  const search = { experiment: "/Shared/a", filter: "latency > 2s", from: 1000, to: 2000, order: "cost DESC", live: "1", at: "12" } as const;
  expect(listSearch(parseSearch(stringifySearch(search)))).toEqual(search);
  expect(listSearch({ range: "24h", order: "cost SIDEWAYS", live: "yes", from: "7" })).toEqual({ range: "24h" });
  expect(listSearch({ range: "24h", from: "1", to: "2" })).toEqual({ from: 1, to: 2 });
  expect(listSearch({ from: "3", to: "2" })).toEqual({});
});

test("a stretch that was chosen goes before one that ends now", () => {
  expect(boundsOf({ ...none, range: "1h" }, 5 * 60 * MINUTE)).toEqual({ sinceMs: 4 * 60 * MINUTE, untilMs: null });
  expect(boundsOf({ range: "1h", from: 5, to: 9 }, 0)).toEqual({ sinceMs: 5, untilMs: 9 });
  expect(boundsOf(none, 0)).toEqual({ sinceMs: null, untilMs: null });
});

test("drawing chooses whole bars, in either direction, and a click one", () => {
  const histogram = { sinceMs: 10 * MINUTE, untilMs: 20 * MINUTE, stepMs: MINUTE, bars: [], isExact: true };
  expect(stretchBetween(histogram, 0.25, 0.45)).toEqual([12 * MINUTE, 15 * MINUTE]);
  expect(stretchBetween(histogram, 0.45, 0.25)).toEqual([12 * MINUTE, 15 * MINUTE]);
  expect(stretchBetween(histogram, 0.5, 0.5)).toEqual([15 * MINUTE, 16 * MINUTE]);
});

test("a stretch says no more than it must", () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
  expect(formatStretch(at(24, 10), at(24, 11), "en").replaceAll(/\s/gu, " ")).toBe("Nov 24, 10:00 – 11:00");
  expect(formatStretch(at(24, 0), at(25, 0), "en")).toBe("Nov 24");
  expect(formatStretch(at(24, 0), at(26, 0), "en").replaceAll(/\s/gu, " ")).toBe("Nov 24 – 25");
});

test("words that are looked for are marked, the longest that fits", () => {
  expect(markedPieces("Refund the refunds (a+b)", ["refund", "refunds", "(a+b)"])).toEqual([
    { text: "Refund", isMark: true },
    { text: " the ", isMark: false },
    { text: "refunds", isMark: true },
    { text: " ", isMark: false },
    { text: "(a+b)", isMark: true },
  ]);
});

test("what was told of goes before what was read", () => {
  const told = new Map([["b", row("b", 20, { status: "ERROR" })], ["d", row("d", 40)]]);
  const head = joinedHead([row("c", 30), row("b", 20)], told);
  expect(head.map(({ id, status }) => [id, status])).toEqual([["d", "OK"], ["c", "OK"], ["b", "ERROR"]]);
});

test("an operation is named with its model as people say it", () => {
  expect(shortOperation("chat us.anthropic.claude-3-5-sonnet-20241022-v2:0")).toBe("chat sonnet 3.5 v2");
  expect(shortOperation("look up the order")).toBe("look up the order");
  expect(shortOperation("retrieve docs")).toBe("retrieve docs");
});
