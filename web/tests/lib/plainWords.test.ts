import { expect, test } from "vitest";
import { plainWords } from "@/lib/plainWords";
import { markedPieces } from "@/model/marks";

const MARKED: [string, string][] = [
  ["**Day one.** Walk along the harbour.", "Day one. Walk along the harbour."],
  ["It is **very** *nice*, ***really***.", "It is very nice, really."],
  ["**bold with *italic* inside** and on", "bold with italic inside and on"],
  ["__Note:__ read _this part_ first", "Note: read this part first"],
  ["これは**重要**です。*強調*も", "これは重要です。強調も"],
  ["**「名前」**を入力", "「名前」を入力"],
  ["~~old price~~ new price", "old price new price"],
  ["(**a note**)", "(a note)"],
  ["# Role You are a guide", "Role You are a guide"],
  ["Intro. ## First part words ### Second", "Intro. First part words Second"],
  ["### Heading\n\ntext below\n- one\n- two", "Heading text below one two"],
  ["- one", "one"],
  ["* one", "one"],
  ["* **A**: one * **B**: two", "A: one B: two"],
  ["- **A**: one - **B**: two", "A: one - B: two"],
  ["1. **A** one 2. **B** two", "1. A one 2. B two"],
  ["- [x] done", "done"],
  ["Options: * one thing. * another thing", "Options: one thing. another thing"],
  ["> quoted words", "quoted words"],
  ["See [the docs](https://example.com/a) now", "See the docs now"],
  ["See [a (b)](https://e.com/x_(y) \"title\").", "See a (b)."],
  ["![a picture](pic.png) of it", "a picture of it"],
  ["**[Both](https://e.com)** at once", "Both at once"],
  ["See [the docs](https://example.c…", "See the docs…"],
  ["<https://e.com/a> is it", "https://e.com/a is it"],
  ["Use `print(x)` here", "Use print(x) here"],
  ["Use ``a ` tick`` here", "Use a ` tick here"],
  ["**use `x`** well", "use x well"],
  ["```python print(1) ``` That is all", "print(1) That is all"],
  ["Run: ```bash ls *.py **/x…", "Run: ls *.py **/x…"],
  ["```\nplain\n```", "plain"],
  ["```json\n{\"a\": 1}\n```", '{"a": 1}'],
  ["```word```", "word"],
  ["Done. --- ## Next", "Done. Next"],
  ["| a | b | |---|---| | 1 | 2 |", "a · b; 1 · 2"],
  [
    "Two trains run tonight: | Leaves | Arrives | Sleeper | |---|---|---| | 22:47 | 06:51 | yes | | 23:25 | 07:20 | no | The **22:47** has a bed left.",
    "Two trains run tonight: Leaves · Arrives · Sleeper; 22:47 · 06:51 · yes; 23:25 · 07:20 · no. The 22:47 has a bed left.",
  ],
  ["| a | b |\n| :--- | ---: |\n| 1 | 2 |\n\nEnd", "a · b; 1 · 2. End"],
  ["| a | b | |---|---| | 1 | 2 | | 3 | fo…", "a · b; 1 · 2; 3 · fo…"],
  ["| **a** | b | | --- | --- | | `x|y`", "a · b; x|y"],
  ["| Name | Age | |---|--…", "Name · Age …"],
  ["| a | | |---|---| | | 2 |", "a; 2"],
  ["two   blanks\nand `lines`", "two blanks and lines"],
];

test.each(MARKED)("%s", (markdown, words) => {
  expect(plainWords(markdown)).toBe(words);
});

const KEPT = [
  "snake_case and a_b_c and __init__ and _private_ stay",
  "2 * 3 * 4 = 24",
  "2*3*4 and 2**3**4",
  "x = 2 ** 3 ** 4",
  "def f(*args, **kwargs): g(*args, **kwargs)",
  "f(**a)(**b)",
  "*.py, src/*.ts, **/*.js and lib/**/*.ts",
  "src/**/*.py,**/*.ts",
  "int *a, *b; *p = *q",
  "/*comment*/ code",
  "a | b",
  "ps aux | grep x | wc -l",
  "| alone",
  "if a || b then",
  "C# and F# and #hashtag and issue # 4",
  "a > b and b < c",
  "git checkout -- file",
  "one --- two",
  "range 1 - 2 - 3",
  "arr[0](x.y) and f[i](a.b)",
  "[not a link] (really) and [1]",
  "[a](b) as in a formula",
  "a lone ` tick and 5 * 3",
  "~/.bashrc and ~~ and ~5",
  "\\*\\*escaped\\*\\*",
  "5* hotel, 4* hotel",
  "* * * * * /bin/job",
  "→ get_weather, find_trains",
  '{"a_b": "*", "c": [1, 2]}',
  '{"q": "**bold**", "x": "`a`"}',
  '["**bold**", "_a b_"]',
  "SELECT * FROM t WHERE a = '*' AND b LIKE '%_x_%'",
  "grep -E 'a|b' *.txt | sort",
  "https://e.com/a_b_c_d?x=*&y=_z_",
  "<tag> and </tag>",
  "C:\\_dir_\\file_name",
  "1. first 2. second",
  "10 -3 +4",
  "ERROR ---- trace ----",
  "日本語のみの文章です。",
  "**",
  "",
];

test.each(KEPT)("stays: %s", (text) => {
  expect(plainWords(text)).toBe(text);
});

test("what has no markdown left is not changed by a second time", () => {
  for (const [markdown, words] of MARKED) expect([markdown, plainWords(words)]).toEqual([markdown, words]);
});

test("words are found across marks that are gone", () => {
  const words = plainWords("The **22:47** has a *bed* left: `book_it()`");
  expect(markedPieces(words, ["47 has a bed", "book_it"]).filter(({ isMark }) => isMark).map(({ text }) => text)).toEqual(["47 has a bed", "book_it"]);
});

test("a text of nothing but marks comes to its end", () => {
  for (const sign of ["*", "_", "`", "[", "|", "~", "> ", "# ", "**a ", "[a](", "|-", "| "]) expect(plainWords(sign.repeat(4000 / sign.length))).toBeTypeOf("string");
});
