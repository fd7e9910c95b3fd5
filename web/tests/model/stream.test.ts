import { expect, test } from "vitest";
import { StreamText } from "@/model/playback";
import { arrival, outcomeWord } from "@/model/stream";
import { chunk, MS } from "../make";

test("gaps over three times the median are stalls; the wait for the first chunk is not", () => {
  const { rows, stalls, medianGapNs, longestGapNs, firstTokenNs } = arrival([chunk(0, 900, { kind: "other", text: null }), chunk(1, 910), chunk(2, 920), chunk(3, 1020), chunk(4, 1030)]);
  expect(rows.map(({ isStall }) => isStall)).toEqual([false, false, false, true, false]);
  expect(rows.map(({ gapNs }) => gapNs)).toEqual([null, 10 * MS, 10 * MS, 100 * MS, 10 * MS]);
  expect(rows[3]?.sinceFirstNs).toBe(120 * MS);
  expect({ stalls, medianGapNs, longestGapNs, firstTokenNs }).toEqual({ stalls: 1, medianGapNs: 10 * MS, longestGapNs: 100 * MS, firstTokenNs: 910 * MS });
});

test("chunks of one packet make no stalls of microseconds", () => {
  expect(arrival([chunk(0, 100), chunk(1, 100), chunk(2, 100), chunk(3, 104)]).stalls).toBe(0);
});

test("a stream without chunks has no figures", () => {
  expect(arrival([])).toEqual({ rows: [], firstTokenNs: null, medianGapNs: 0, longestGapNs: 0, stalls: 0 });
});

test("text is merged by block and kind, in the order in which blocks began", () => {
  const blocks = new StreamText([
    chunk(0, 0, { kind: "reasoning", text: "hm", blockIndex: 0 }),
    chunk(1, 1, { text: "It ", blockIndex: 1 }),
    chunk(2, 2, { kind: "tool_input", text: '{"a"', blockIndex: 2 }),
    chunk(3, 3, { text: "is", blockIndex: 1 }),
    chunk(4, 4, { kind: "tool_input", text: ":1}", blockIndex: 2 }),
    chunk(5, 5, { kind: "other", text: null, blockIndex: null }),
  ]);
  expect(blocks.whole.map(({ kind, text }) => [kind, text])).toEqual([["reasoning", "hm"], ["text", "It is"], ["tool_input", '{"a":1}']]);
});

test("how a stream ended has a word, and what is not known has none", () => {
  expect(outcomeWord({ outcome: "cancelled", endReason: "closed", chunks: [] })).toBe("closed");
  expect(outcomeWord({ outcome: "not_consumed", endReason: "garbage_collected", chunks: [] })).toBe("not_consumed");
  expect(outcomeWord({ outcome: "complete", endReason: "novel", chunks: [] })).toBeNull();
});
