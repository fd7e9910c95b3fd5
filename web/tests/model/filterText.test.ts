import { describe, expect, test } from "vitest";
import { facetClause } from "@/model/filterFields";
import { clauses, complete, freeWords, hasClause, optionsAt, placeAt, withClause, withoutClause } from "@/model/filterText";

const NONE = () => [];
const options = (text: string, known: () => readonly string[] = NONE) =>
  optionsAt(placeAt(text, text.length), known).map((option) => option.text);

describe("what may come next", () => {
  test("fields come first, by their beginning and then by what they hold", () => {
    expect(options("")[0]).toBe("status");
    expect(options("tok")).toEqual(["tokens.input", "tokens.output", "tokens.total", "span.tokens.output"]);
    expect(options("status = 'ERROR' AND lat")).toEqual(["latency", "span.latency"]);
    expect(options("span.cont")).toEqual(["span.content"]);
    expect(options("attr")).toEqual(["span.attributes."]);
  });

  test("operators fit the kind of the field", () => {
    expect(options("latency ")).toEqual([">", "<", ">=", "<=", "="]);
    expect(options("model ")).toContain("ILIKE");
    expect(options("model LI")).toEqual(["LIKE", "ILIKE", "RLIKE"]);
    expect(options("span.content RL")).toEqual(["RLIKE"]);
  });

  test("values are those that are known, in quotes", () => {
    expect(options("status = ")).toEqual(["'ERROR'", "'OK'"]);
    expect(options("tool = 'get", () => ["get_weather", "it's"])).toEqual(["'get_weather'"]);
    expect(options("tool IN ('a', ", () => ["it's"])).toEqual(["'it''s'"]);
    expect(options("latency > ")).toEqual([]);
  });

  test("after a condition comes what joins it with another", () => {
    expect(options("status = 'ERROR' ").slice(0, 2)).toEqual(["AND", "OR"]);
    expect(options("(status = 'ERROR') ").slice(0, 2)).toEqual(["AND", "OR"]);
    expect(options("user IS NULL ").slice(0, 2)).toEqual(["AND", "OR"]);
  });

  test("the key of a span's attribute is the user's own", () => {
    expect(options("span.attributes.http.url ")).toContain("RLIKE");
    expect(options("span.attributes.`my key` RL")).toEqual(["RLIKE"]);
    expect(options("span.content RLIKE '(a|b)' ").slice(0, 2)).toEqual(["AND", "OR"]);
  });

  test("what is being typed is replaced, in the midst of the line too", () => {
    const text = "stat = 'OK'";
    expect(complete(text, placeAt(text, 3), "status")).toEqual({ text: "status = 'OK'", caret: 7 });
    expect(complete("ta", placeAt("ta", 2), "tags.")).toEqual({ text: "tags.", caret: 5 });
  });
});

describe("clauses", () => {
  test("AND joins them, also where it is not written", () => {
    expect(clauses("status = 'ERROR' AND latency > 2s")).toEqual(["status = 'ERROR'", "latency > 2s"]);
    expect(clauses(`status = 'ERROR' "two words" refund model IN ('a', 'b')`)).toEqual(["status = 'ERROR'", '"two words"', "refund", "model IN ('a', 'b')"]);
    expect(clauses("NOT user IS NULL AND (a = 'x' OR name = 'y')")).toEqual(["NOT user IS NULL", "(a = 'x' OR name = 'y')"]);
  });

  test("an OR makes one of all", () => {
    expect(clauses("status = 'OK' OR latency > 2s")).toEqual(["status = 'OK' OR latency > 2s"]);
  });

  test("quotes hide what stands within", () => {
    expect(clauses("name = 'this AND that' AND user = 'it''s'")).toEqual(["name = 'this AND that'", "user = 'it''s'"]);
  });

  test("one is put in and taken out again", () => {
    const clause = facetClause("model", "it's", null);
    const both = withClause("latency > 2s", clause);
    expect(both).toBe("latency > 2s AND model = 'it''s'");
    expect(hasClause(both, clause)).toBe(true);
    expect(withoutClause(both, clause)).toBe("latency > 2s");
    expect(withClause("", clause)).toBe(clause);
    expect(withClause("status = 'OK' OR user = 'a'", clause)).toBe(`(status = 'OK' OR user = 'a') AND ${clause}`);
  });

  test("a facet's value becomes a condition on what it is of", () => {
    expect(facetClause("operation", "chat", null)).toBe("span.name = 'chat'");
    expect(facetClause("tag", "blue", "team")).toBe("tags.team = 'blue'");
    expect(facetClause("tag", "1", "my key")).toBe("tags.`my key` = '1'");
  });
});

test("free words are those that are compared with nothing", () => {
  expect(freeWords(`status = 'ERROR' refund "two words" AND latency > 2s OR NOT slow`)).toEqual(["refund", "two words", "slow"]);
});
