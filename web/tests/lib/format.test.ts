import { describe, expect, test } from "vitest";
import { formatAgo, formatBytes, formatCost, formatCount, formatDuration, formatExactCost, formatShare } from "@/lib/format";

describe("durations", () => {
  test.each([
    [0, "0 ms"],
    [420_000, "0.42 ms"],
    [2_400_000, "2.4 ms"],
    [2_000_000, "2 ms"],
    [840_000_000, "840 ms"],
    [999_400_000, "999 ms"],
    [999_600_000, "1.00 s"],
    [2_310_000_000, "2.31 s"],
    [9_994_000_000, "9.99 s"],
    [9_996_000_000, "10.0 s"],
    [38_400_000_000, "38.4 s"],
    [59_960_000_000, "1 m 00 s"],
    [64_000_000_000, "1 m 04 s"],
    [3_599_700_000_000, "1 h 00 m"],
    [7_500_000_000_000, "2 h 05 m"],
    [-5_000_000, "-5 ms"],
  ])("%d ns is %s", (ns, words) => {
    expect(formatDuration(ns)).toBe(words);
  });
});

describe("cost", () => {
  test.each([
    [0, "$0"],
    [0.000_099, "<$0.0001"],
    [0.0001, "$0.0001"],
    [0.0041, "$0.0041"],
    [0.011, "$0.0110"],
    [0.099_94, "$0.0999"],
    [0.099_96, "$0.100"],
    [0.127, "$0.127"],
    [0.9996, "$1.00"],
    [1.274, "$1.27"],
    [99.996, "$100"],
    [1270.4, "$1,270"],
  ])("%d dollars are %s", (usd, words) => {
    expect(formatCost(usd, "en")).toBe(words);
  });

  test("a hover shows every digit, and no zeros that say nothing", () => {
    expect(formatExactCost(0.008_085, "en")).toBe("$0.008085");
    expect(formatExactCost(1.5, "en")).toBe("$1.50");
  });
});

describe("moments", () => {
  const now = 1_800_000_000_000;
  const before = (seconds: number) => BigInt(now - seconds * 1000) * 1_000_000n;

  test("are relative within a day", () => {
    expect(formatAgo(before(1), now, "en")).toBe("now");
    expect(formatAgo(before(42), now, "en")).toBe("42s ago");
    expect(formatAgo(before(59 * 60), now, "en")).toBe("59m ago");
    expect(formatAgo(before(23.5 * 3600), now, "en")).toBe("23h ago");
    expect(formatAgo(before(180), now, "ja")).toBe("3分前");
  });

  test("are dates beyond it, with the year only if it is another", () => {
    expect(formatAgo(before(86_400 * 2), now, "en")).toMatch(/^Jan \d+$/);
    expect(formatAgo(before(86_400 * 400), now, "en")).toMatch(/, 2025$/);
  });

  test("a clock that runs ahead of ours is now, not the future", () => {
    expect(formatAgo(before(-30), now, "en")).toBe("now");
  });
});

test("counts, sizes and shares", () => {
  expect(formatCount(1204, "en")).toBe("1,204");
  expect(formatBytes(812)).toBe("812 B");
  expect(formatBytes(4200)).toBe("4.2 kB");
  expect(formatBytes(1_300_000)).toBe("1.3 MB");
  expect(formatShare(540, 812)).toBe("67 %");
  expect(formatShare(1, 0)).toBe("0 %");
});
