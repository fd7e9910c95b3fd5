import { describe, expect, test } from "vitest";
import { JsonOutline } from "@/model/jsonOutline";
import { localDesk } from "@/model/jsonDesk";
import { jsonRows } from "@/model/jsonRows";
import { JsonViewer } from "@/model/jsonViewer";
import { fileName, partOf, type PayloadPart } from "@/model/payloadParts";
import { RawLines } from "@/model/rawLines";

const VALUE = {
  model: "nova",
  messages: [
    { role: "user", content: [{ text: "How is Oslo?" }] },
    { role: "assistant", content: [{ text: "Sunny." }, { toolUse: { name: "get_weather", input: { city: "Oslo" } } }] },
    { role: "user", content: [] },
  ],
  config: { temperature: 0.2, stop: null, "a b": true },
};

describe("the rows of an outline", () => {
  // The plain walk over everything is the measure.
  const openIds = (outline: JsonOutline) => new Set(outline.rows(0, Infinity).filter((row) => row.isOpen).map(({ id }) => id));
  const same = (outline: JsonOutline, value: unknown) => {
    const wanted = jsonRows(value, openIds(outline), true);
    expect(outline.count).toBe(wanted.length);
    expect(outline.rows(0, outline.count)).toEqual(wanted);
    for (let from = 0; from < wanted.length; from += 3) expect(outline.rows(from, from + 5)).toEqual(wanted.slice(from, from + 5));
  };

  test("are those of the plain walk, whatever is open and whichever stretch is asked for", () => {
    const outline = new JsonOutline(VALUE);
    same(outline, VALUE);
    expect(openIds(outline).size).toBe(12);
    outline.toggle(["messages", 1, "content"]);
    same(outline, VALUE);
    outline.toggle(["messages"]);
    same(outline, VALUE);
    expect(outline.rows(0, 9).map(({ id }) => id)).toEqual(["model", "messages", "config", "config.temperature", "config.stop", 'config["a b"]']);
    outline.toggle(["messages"]);
    outline.toggle(["messages", 0]);
    same(outline, VALUE);
    outline.closeAll();
    expect(outline.count).toBe(3);
    outline.openAll();
    same(outline, VALUE);
  });

  test("what is no member is nothing to fold, and plain values are one row", () => {
    const outline = new JsonOutline(VALUE);
    const before = outline.count;
    outline.toggle(["nothing"]);
    outline.toggle(["messages", 99]);
    expect(outline.count).toBe(before);
    expect(new JsonOutline("words").rows(0, 5)).toMatchObject([{ id: "$", value: "words", size: 0 }]);
    expect(new JsonOutline([]).count).toBe(1);
  });

  test("a word is found in names and values, in their order, and brought into sight", () => {
    const outline = new JsonOutline(VALUE);
    outline.closeAll();
    const { paths, areMore } = outline.find("OSLO");
    expect(paths).toEqual([["messages", 0, "content", 0, "text"], ["messages", 1, "content", 1, "toolUse", "input", "city"]]);
    expect(areMore).toBe(false);
    const row = outline.reveal(paths[1] ?? []);
    expect(outline.rows(row, row + 1)).toMatchObject([{ id: "messages[1].content[1].toolUse.input.city", value: "Oslo" }]);
    same(outline, VALUE);
    expect(outline.find("temperature").paths).toEqual([["config", "temperature"]]);
    expect(outline.find("null").paths).toEqual([["config", "stop"]]);
    expect(outline.find("").paths).toEqual([]);
  });

  test("of a hundred thousand members any stretch is had without the rest", () => {
    const large = { items: Array.from({ length: 100_000 }, (_, n) => ({ n, text: `item ${n}` })) };
    const outline = new JsonOutline(large);
    outline.openAll();
    expect(outline.count).toBeGreaterThan(290_000);
    const row = outline.reveal(["items", 99_999, "text"]);
    expect(outline.rows(row, row + 1)).toMatchObject([{ value: "item 99999" }]);
    expect(outline.find("item").paths).toHaveLength(5000);
    expect(outline.find("item").areMore).toBe(true);
  });
});

describe("lines of a raw text", () => {
  const all = (lines: RawLines) => Array.from({ length: lines.count }, (_, i) => lines.line(i));

  test("are cut at newlines and where they are full; wide letters count twice and pairs stay together", () => {
    expect(all(new RawLines("abcdefghij\nkl\n", 8))).toEqual(["abcdefgh", "ij", "kl", ""]);
    expect(all(new RawLines("日本語日本", 8))).toEqual(["日本語日", "本"]);
    expect(all(new RawLines("😀😀😀😀😀", 8))).toEqual(["😀😀😀😀", "😀"]);
    expect(all(new RawLines("", 8))).toEqual([""]);
  });

  test("words are found by their line, also those that stand for something in patterns", () => {
    const lines = new RawLines("one (two)\nTWO.\nthree", 20);
    expect(lines.find("two").lines).toEqual([0, 1]);
    expect(lines.find("(two)").lines).toEqual([0]);
    expect(lines.find("two.").lines).toEqual([1]);
    expect(lines.find("").lines).toEqual([]);
  });
});

describe("the viewer", () => {
  test("goes from hit to hit and round, and opens what hides them", () => {
    const viewer = new JsonViewer({ value: VALUE });
    viewer.act({ kind: "closeAll" });
    viewer.act({ kind: "find", word: "oslo" });
    expect(viewer.state()).toMatchObject({ hits: 2, hit: -1, reveal: null });
    viewer.act({ kind: "step", direction: -1 });
    expect(viewer.state()).toMatchObject({ hit: 1, revealId: "messages[1].content[1].toolUse.input.city" });
    viewer.act({ kind: "step", direction: 1 });
    expect(viewer.state()).toMatchObject({ hit: 0, revealId: "messages[0].content[0].text" });
    viewer.act({ kind: "mode", mode: "raw" });
    expect(viewer.state()).toMatchObject({ mode: "raw", hits: 2, hit: -1 });
    viewer.act({ kind: "step", direction: 1 });
    expect(viewer.rawRows(viewer.state().reveal ?? -1, Infinity)[0]).toContain("How is Oslo?");
  });

  test("who has stepped to a hit stays at it when lines get another width, and when the same is asked for again", () => {
    const viewer = new JsonViewer({ value: VALUE });
    viewer.act({ kind: "mode", mode: "raw" });
    viewer.act({ kind: "find", word: "oslo" });
    viewer.act({ kind: "step", direction: 1 });
    viewer.act({ kind: "step", direction: 1 });
    viewer.act({ kind: "columns", columns: 40 });
    expect(viewer.state()).toMatchObject({ hits: 2, hit: 1 });
    expect(viewer.rawRows(viewer.state().reveal ?? -1, Infinity)[0]).toContain("Oslo");
    viewer.act({ kind: "find", word: "oslo" });
    expect(viewer.state()).toMatchObject({ hits: 2, hit: 1 });
  });

  test("rows carry the beginning of large values, and say how long they are", () => {
    const viewer = new JsonViewer({ value: { text: "x".repeat(9000), list: Array.from({ length: 500 }, (_, i) => i) } });
    viewer.act({ kind: "closeAll" });
    const [text, list] = viewer.rows(0, 2);
    expect([text?.length, (text?.value as string).length]).toEqual([9000, 400]);
    expect([list?.size, (list?.value as number[]).length]).toEqual([500, 6]);
    expect(viewer.whole(["text"])).toHaveLength(9000);
  });

  test("a text that is no JSON is shown as it is", () => {
    const viewer = new JsonViewer({ text: "plain\nwords" });
    viewer.act({ kind: "mode", mode: "tree" });
    expect(viewer.state()).toMatchObject({ mode: "raw", isJson: false, count: 2 });
    expect(viewer.all()).toBe("plain\nwords");
  });

  test("a desk tells who listens, and its state is the same until something is done", () => {
    const desk = localDesk(VALUE);
    let told = 0;
    const leave = desk.subscribe(() => told++);
    expect(desk.state()).toBe(desk.state());
    desk.act({ kind: "closeAll" });
    expect([told, desk.state().count, desk.row(0)?.id]).toEqual([1, 3, "model"]);
    leave();
    desk.act({ kind: "openAll" });
    expect(told).toBe(1);
  });
});

test("each member is held by the part that was on the wire, and files have names", () => {
  const part = (name: string, contentType = "application/json"): PayloadPart => ({ name, sizeBytes: 1, contentType, path: `/x/${name}`, isDerived: false });
  const parts = [part("inputs"), part("request-body"), part("stream", "application/vnd.amazon.eventstream"), part("otlp", "application/x-protobuf")];
  expect(partOf("inputs", parts)?.name).toBe("request-body");
  expect(partOf("outputs", parts)).toBeNull();
  // What a stream was put together to.
  expect(partOf("outputs", [...parts, part("outputs")])?.name).toBe("outputs");
  expect(parts.map((each) => fileName("ab", each))).toEqual(["ab-inputs.json", "ab-request-body.json", "ab-stream.bin", "ab-otlp.otlp"]);
});
