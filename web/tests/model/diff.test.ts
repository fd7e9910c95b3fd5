import { expect, test } from "vitest";
import { areSame, parameterLines, placeThatMatters } from "@/model/compared";
import { diff } from "@/model/diff";
import { diffTexts, shownSide, type DiffPiece } from "@/model/textDiff";
import { transcript } from "@/model/transcript";
import { wordsOf } from "@/model/words";
import { call, message, result, span, text } from "../make";

/** The same numbers in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
const some = (next: () => number, length: number, kinds: number) => Int32Array.from({ length }, () => Math.floor(next() * kinds));
const kept = (all: Int32Array, marks: Uint8Array) => [...all].filter((_, i) => marks[i] === 0);
const count = (marks: Uint8Array) => marks.reduce((sum, mark) => sum + mark, 0);

/** The length of the longest common subsequence, the slow and plain way. */
function longest(a: Int32Array, b: Int32Array): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const member of a) {
    const next = [0];
    b.forEach((other, j) => next.push(member === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0)));
    row = next;
  }
  return row[b.length] ?? 0;
}

test("what is left of both is the same, and is as much as there can be", () => {
  const next = random(7);
  for (let round = 0; round < 300; round++) {
    const [a, b] = [some(next, Math.floor(next() * 30), 4), some(next, Math.floor(next() * 30), 4)];
    const marks = diff(a, b);
    expect(kept(a, marks.removed)).toEqual(kept(b, marks.added));
    expect(a.length - count(marks.removed)).toBe(longest(a, b));
  }
});

test("long sequences with few changes are aligned to the member", () => {
  const next = random(11);
  const a = some(next, 60_000, 5000);
  const b = [...a];
  for (let i = 0; i < 50; i++) b.splice(Math.floor(next() * b.length), 1, 9_000_000 + i);
  const marks = diff(a, Int32Array.from(b));
  expect(kept(a, marks.removed)).toEqual(kept(Int32Array.from(b), marks.added));
  expect(count(marks.removed)).toBe(50);
});

test("sequences that have nothing in order end in all against all, whatever they are", () => {
  const next = random(13);
  for (const kinds of [2, 1000, 300_000]) {
    const [a, b] = [some(next, 300_000, kinds), some(next, 300_000, kinds)];
    const marks = diff(a, b);
    expect(kept(a, marks.removed)).toEqual(kept(b, marks.added));
  }
});

const written = (pieces: readonly DiffPiece[]) => pieces.map(({ kind, text }) => (kind === "same" ? text : kind === "removed" ? `[-${text}-]` : `{+${text}+}`)).join("");
const sideOf = (pieces: readonly DiffPiece[], side: string) => pieces.filter(({ kind }) => kind === "same" || kind === side).map((piece) => piece.text).join("");

test("words change, not letters", () => {
  expect(written(diffTexts("The cat sat on the mat.", "The dog sat on a mat!"))).toBe("The [-cat-]{+dog+} sat on [-the-]{+a+} mat[-.-]{+!+}");
  expect(written(diffTexts("one two three", "one 2 3"))).toBe("one [-two three-]{+2 3+}");
  expect(written(diffTexts("", "new"))).toBe("{+new+}");
  expect(written(diffTexts("old", ""))).toBe("[-old-]");
  expect(diffTexts("", "")).toEqual([]);
  expect(diffTexts("same", "same")).toEqual([{ kind: "same", text: "same" }]);
});

test("Japanese changes by its own words, mixed with others too", () => {
  const pieces = diffTexts("返金は金曜日までに届きます。", "返金は月曜日までに届きます。");
  expect(sideOf(pieces, "removed")).toBe("返金は金曜日までに届きます。");
  expect(pieces.filter(({ kind }) => kind !== "same").map(({ text }) => text)).toEqual(["金曜日", "月曜日"]);
  expect(wordsOf("Claudeの返金3件").join("|")).toBe("Claude|の|返金|3|件");
});

test("both texts come back from their pieces, whatever signs they hold", () => {
  const next = random(17);
  const signs = ["a", "bc", " ", "\n", "日", "本", "한", "👩‍💻", "\u0301", "<b>", "\u202e", "\ud800", "_", "'", "—"];
  const words = () => Array.from({ length: Math.floor(next() * 40) }, () => signs[Math.floor(next() * signs.length)] ?? "").join("");
  for (let round = 0; round < 200; round++) {
    const [before, after] = [words(), words()];
    const pieces = diffTexts(before, after);
    expect(sideOf(pieces, "removed")).toBe(before);
    expect(sideOf(pieces, "added")).toBe(after);
  }
});

test("long stretches without a change are folded around it, and open whole", () => {
  const long = "word ".repeat(2000);
  const pieces = diffTexts(`${long}old ${long}`, `${long}new ${long}`);
  const shown = shownSide(pieces, "removed", new Set());
  expect(shown.map(({ kind }) => kind)).toEqual(["same", "same", "removed", "same", "same"]);
  const signs = shown.reduce((sum, piece) => sum + piece.text.length + piece.hidden, 0);
  expect(signs).toBe(`${long}old ${long}`.length);
  expect(shown.every((piece) => piece.text.length <= 160)).toBe(true);
  const opened = shownSide(pieces, "removed", new Set([0]));
  expect(opened[0]).toEqual({ kind: "same", text: long, hidden: 0, of: 0 });
});

test("a conversation is written with its roles, calls and results", () => {
  const written = transcript([message("user", text("Weather?")), message("assistant", call("1", "get_weather", { city: "Oslo" })), message("tool", result("1", [{ text: "sunny" }]))]);
  expect(written).toBe('user:\nWeather?\n\nassistant:\n→ get_weather {\n  "city": "Oslo"\n}\n\ntool:\n← sunny');
});

test("parameters that differ come first, and one that was not given differs from one that was", () => {
  const lines = parameterLines([{ temperature: 0.1, max: 5, list: [1] }, { temperature: 0.7, max: 5, list: [1], top_p: 1 }, null].slice(0, 2));
  expect(lines.map(({ name, isSame }) => [name, isSame])).toEqual([["temperature", false], ["top_p", false], ["list", true], ["max", true]]);
  expect(lines[1]?.values).toEqual([undefined, 1]);
  expect(areSame([undefined, undefined])).toBe(true);
  expect(areSame([null, undefined])).toBe(false);
});

test("the first place is that of the span that matters, else of a model call", () => {
  const [agent, chat] = [span("agent", null, "AGENT", 0, 9), span("chat", "agent", "CHAT_MODEL", 1, 2)];
  const places = [{ name: "agent", depth: 0, spans: [agent, agent] }, { name: "chat", depth: 1, spans: [chat, null] }];
  expect(placeThatMatters(places, "agent")).toBe(0);
  expect(placeThatMatters(places, "chat")).toBe(1);
  expect(placeThatMatters(places, null)).toBe(1);
  expect(placeThatMatters([], null)).toBe(0);
});
