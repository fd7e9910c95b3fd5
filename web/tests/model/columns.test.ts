import { expect, test } from "vitest";
import { inOrder, NONE_CHOSEN, toggledRow, withRange } from "@/model/chosen";
import { gridTracks, isSameLayout, layoutOf, leastWidth, movedColumn, readLayout, sizedColumn, toggledColumn, USUAL_LAYOUT, writeLayout, type Column } from "@/model/columns";
import { choiceOf, isEdited, readChoiceOf, searchOf, writtenChoice, type SavedView } from "@/model/savedView";

const ids = ({ columns }: { columns: readonly { id: Column }[] }) => columns.map(({ id }) => id);

test("a layout comes back from its text as it was", () => {
  const layout = { ...sizedColumn(toggledColumn(USUAL_LAYOUT, "tags"), "name", 333), isCompact: true };
  expect(readLayout(writeLayout(layout))).toEqual(layout);
});

test("what is no layout is the usual one; unknown columns and second ones are left out, and the name is always there", () => {
  for (const text of [null, "", "[]", "{", '{"columns":3}', '"x"']) expect(readLayout(text)).toEqual(USUAL_LAYOUT);
  const odd = readLayout('{"columns":[{"id":"cost"},{"id":"toString"},null,{"id":"cost","width":1e9}],"isCompact":1}');
  expect(odd).toEqual({ columns: [{ id: "name", width: null }, { id: "cost", width: null }], isCompact: false });
  expect(layoutOf([{ name: "name", width: -5 }, { name: "cost", width: Number.NaN }], true).columns).toEqual([
    { id: "name", width: 48 },
    { id: "cost", width: null },
  ]);
});

test("a column is shown where it usually stands, and hidden again; the name stays", () => {
  const more = toggledColumn(USUAL_LAYOUT, "error");
  expect(ids(more)).toEqual(["time", "name", "error", "model", "latency", "firstToken", "tokens", "cost"]);
  expect(isSameLayout(toggledColumn(more, "error"), USUAL_LAYOUT)).toBe(true);
  expect(toggledColumn(USUAL_LAYOUT, "name")).toBe(USUAL_LAYOUT);
});

test("a column moves to the place that is named, at most to the ends", () => {
  expect(ids(movedColumn(USUAL_LAYOUT, "cost", 0))[0]).toBe("cost");
  expect(ids(movedColumn(USUAL_LAYOUT, "time", 1)).slice(0, 2)).toEqual(["name", "time"]);
  expect(ids(movedColumn(USUAL_LAYOUT, "time", 99)).at(-1)).toBe("time");
  expect(ids(movedColumn(USUAL_LAYOUT, "time", -1))).toEqual(ids(USUAL_LAYOUT));
  expect(movedColumn(USUAL_LAYOUT, "tags", 0)).toBe(USUAL_LAYOUT);
});

test("a width that was given is kept within bounds and counts; what is left over always has a column", () => {
  const wide = sizedColumn(USUAL_LAYOUT, "cost", 1000.4);
  expect(gridTracks(wide)).toContain("1000px");
  expect(leastWidth(wide) - leastWidth(USUAL_LAYOUT)).toBe(1000 - 72);
  expect(sizedColumn(wide, "cost", null)).toEqual(USUAL_LAYOUT);
  expect(sizedColumn(USUAL_LAYOUT, "cost", 1).columns.at(-1)?.width).toBe(48);
  expect(gridTracks(sizedColumn(USUAL_LAYOUT, "name", 200)).endsWith(" 1fr")).toBe(true);
  expect(gridTracks(USUAL_LAYOUT).endsWith(" 1fr")).toBe(false);
});

test("rows are chosen one by one and from one to another, whichever comes first", () => {
  const rows = ["a", "b", "c", "d"];
  const one = toggledRow(NONE_CHOSEN, "c");
  expect([...withRange(one, rows, "c", "a")].sort()).toEqual(["a", "b", "c"]);
  expect([...toggledRow(one, "c")]).toEqual([]);
  expect([...withRange(NONE_CHOSEN, rows, "gone", "b")]).toEqual(["b"]);
  expect([...withRange(NONE_CHOSEN, rows, "gone", "lost")]).toEqual([]);
  expect(inOrder(new Set(["d", "x", "a"]), rows)).toEqual(["a", "d", "x"]);
});

test("a view keeps what is asked, and knows when the list shows something else", () => {
  const choice = choiceOf({ experiment: "a", filter: "cost > 1", order: "cost DESC", at: "t", live: "1", view: "v" });
  expect(choice).toEqual({ experiment: "a", filter: "cost > 1", order: "cost DESC" });
  expect(readChoiceOf("a", writtenChoice(choice))).toEqual(choice);
  const stretch = { from: 5, to: 9 };
  expect(readChoiceOf(null, writtenChoice(stretch))).toEqual(stretch);
  expect(readChoiceOf(null, { order: "colour DESC", range: "7d", at: "x" })).toEqual({ range: "7d" });
  const view: SavedView = { id: "v", name: "Dear", author: "ann", choice, layout: USUAL_LAYOUT };
  expect(searchOf(view)).toEqual({ ...choice, view: "v" });
  expect(isEdited(view, { ...choice, at: "other" }, USUAL_LAYOUT)).toBe(false);
  expect(isEdited(view, { ...choice, filter: "cost > 2" }, USUAL_LAYOUT)).toBe(true);
  expect(isEdited(view, choice, toggledColumn(USUAL_LAYOUT, "tags"))).toBe(true);
});
