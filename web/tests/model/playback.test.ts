import { expect, test } from "vitest";
import { chunkRuns, paceCurve, StreamText, stripEvents, tokenRate } from "@/model/playback";
import { readEvent } from "@/model/spanEvents";
import { arrival } from "@/model/stream";
import { chunk, MS } from "../make";

const CHUNKS = [
  chunk(0, 100, { kind: "other", text: null, type: "messageStart", blockIndex: null }),
  chunk(1, 120, { kind: "reasoning", text: "Hm. " }),
  chunk(2, 140, { kind: "text", text: "One ", blockIndex: 1 }),
  chunk(3, 160, { kind: "text", text: "two", blockIndex: 1 }),
  chunk(4, 400, { kind: "tool_input", text: "{}", blockIndex: 2 }),
];

test("at each moment there is the text that had come by then", () => {
  const text = new StreamText(CHUNKS);
  const at = (ms: number) => text.after(text.countAt(ms * MS)).map((block) => block.text);
  expect(at(50)).toEqual([]);
  expect(at(120)).toEqual(["Hm. "]);
  expect(at(150)).toEqual(["Hm. ", "One "]);
  expect(at(399.9)).toEqual(["Hm. ", "One two"]);
  expect(at(400)).toEqual(text.whole.map((block) => block.text));
  expect([text.countAt(0), text.countAt(1e12)]).toEqual([0, 5]);
});

test("tokens a second are counted from the first content to the last", () => {
  expect(tokenRate(CHUNKS, 28)).toBeCloseTo(100);
  expect(tokenRate(CHUNKS, null)).toBeNull();
  expect(tokenRate(CHUNKS.slice(0, 2), 28)).toBeNull();
});

test("the pace is where the letters came", () => {
  expect(paceCurve(CHUNKS, 400 * MS, 4)).toEqual([0, 1, 0, 2 / 11]);
  expect(paceCurve([], 100, 4)).toEqual([]);
});

test("runs join chunks of one block, and keep apart what is no content", () => {
  const runs = chunkRuns(arrival(CHUNKS).rows);
  expect(runs.map(({ count, kind, text, stalls }) => [count, kind, text, stalls])).toEqual([
    [1, "other", null, 0],
    [1, "reasoning", "Hm. ", 0],
    [2, "text", "One two", 0],
    [1, "tool_input", "{}", 1],
  ]);
  expect(runs[2]?.lastOffsetNs).toBe(160 * MS);
});

test("attempts lie on the axis for as long as they took, refused ones apart", () => {
  const event = (name: string, ms: number, attributes: Record<string, unknown>) => readEvent({ name, timeNs: 1000n + BigInt(ms * MS), attributes });
  const events = stripEvents(
    [
      event("outcrop.attempt", 50, { "outcrop.attempt.number": 1, "http.response.status_code": 429, "error.type": "ThrottlingException", "outcrop.attempt.duration_ns": 30 * MS }),
      event("outcrop.attempt", 200, { "outcrop.attempt.number": 2, "http.response.status_code": 200 }),
      event("exception", 210, { "exception.type": "ValueError", "exception.message": "bad" }),
      event("note", 5, {}),
    ],
    1000n,
  );
  expect(events).toEqual([
    { kind: "refused", fromNs: 20 * MS, toNs: 50 * MS, words: "1 · 429 · ThrottlingException" },
    { kind: "attempt", fromNs: 200 * MS, toNs: 200 * MS, words: "2 · 200" },
    { kind: "exception", fromNs: 210 * MS, toNs: 210 * MS, words: "ValueError: bad" },
    { kind: "other", fromNs: 5 * MS, toNs: 5 * MS, words: "note" },
  ]);
});
