// What the overview's charts are made of.
import { expect, test } from "vitest";
import { formatLarge, formatTick } from "@/lib/format";
import { dearest, linePieces, seriesOf, stackedMost, stretchOf, ticksOf, type Numbers, type Overview } from "@/model/overview";

const HOUR = 3_600_000;
const numbers = (traces: number, p50: number | null): Numbers => ({
  traces: { count: traces, errors: 0, latency: p50 === null ? null : { p50, p95: p50, p99: p50 } },
  calls: { count: traces, errors: 0, latency: null, firstToken: null, input: 0, output: 0, cacheRead: 0, costUsd: 0, unpriced: 0 },
});
const overview: Overview = {
  axis: { sinceMs: 10 * HOUR, stepMs: HOUR, length: 4 },
  total: numbers(5, 3),
  steps: new Map([[0, numbers(2, 7)], [2, numbers(3, null)]]),
  costs: [], areModelsMerged: false, areModelsCut: false,
  throttled: new Map(),
};

test("a sum of a step without traces is nought, a percentile is none", () => {
  expect(seriesOf(overview, ({ traces }) => traces?.count, 0)).toEqual([2, 0, 3, 0]);
  expect(seriesOf(overview, ({ traces }) => traces?.latency?.p50)).toEqual([7, null, null, null]);
});

test("lines break where there is nothing", () => {
  expect(linePieces([1, 2, null, null, 3])).toEqual([[[0, 1], [1, 2]], [[4, 3]]]);
  expect(linePieces([null, null])).toEqual([]);
});

test("bars are as high as what stands on each other", () => {
  expect(stackedMost([[1, 5, null], [2, 1, 9]], 3)).toBe(9);
});

test("a step's stretch is that of the list behind it", () => {
  expect(stretchOf(overview.axis, 2)).toEqual({ from: 12 * HOUR, to: 13 * HOUR });
});

test("of many models the dearest are shown, and the others as one", () => {
  const models = [1, 2, 3, 4, 5, 6, 7, 0].map((cost) => ({ model: `m${cost}`, bySteps: new Map([[0, cost], [1, cost]]) }));
  const found = dearest(models);
  expect(found.map(({ model, total }) => [model, total])).toEqual([["m7", 14], ["m6", 12], ["m5", 10], ["m4", 8], ["m3", 6], [null, 6]]);
  expect(found.at(-1)?.bySteps).toEqual(new Map([[0, 3], [1, 3]]));
});

test("moments are named a quarter apart, by time of day or by day", () => {
  expect(ticksOf(overview.axis).map(({ place }) => place)).toEqual([0, 0.25, 0.5, 0.75]);
  expect(ticksOf({ sinceMs: 0, stepMs: HOUR, length: 90 })).toHaveLength(4);
  expect(ticksOf({ sinceMs: 0, stepMs: HOUR, length: 1 })).toHaveLength(1);
  const noon = new Date(2026, 10, 24, 12, 5).getTime();
  expect(formatTick(noon, 24 * HOUR, "en")).toBe("12:05");
  expect(formatTick(noon, 72 * HOUR, "en")).toBe("Nov 24");
});

test("large counts have few digits", () => {
  expect([1204, 99_999, 310_031_560, 1_415_635_546].map((value) => formatLarge(value, "en"))).toEqual(["1,204", "99,999", "310M", "1.42B"]);
});
