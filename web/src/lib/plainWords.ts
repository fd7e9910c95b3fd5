// Markdown as plain words on one line, for previews. Pure. It takes marks away only where they can hardly be anything
// else: names_like_this, `2 * 3 * 4`, globs, pointers, keyword arguments and lone bars stay as they are.
// A preview comes on one line, cut with "…": so marks of lines are known by what stands around them.

// Before and after marks of emphasis: an end of the text, white space, punctuation, or a script without spaces.
const UNSPACED = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}ー";
const BEFORE = `(?<=^|[\\s([{"'“‘「『（【—–:,;.!?|、。：！？>*_~${UNSPACED}])`;
const AFTER = `(?=$|[\\s)\\]}"'”’」』）】—–:,;.!?…|、。：！？<*_~${UNSPACED}])`;

const BOLD = new RegExp(`${BEFORE}(?<![*\\\\])(\\*\\*\\*?)(?![\\s*/])((?:(?!\\*\\*).)+?)(?<![\\s*/\\\\])\\1${AFTER}(?!\\*)`, "gsu");
// Of one star there are pointers, globs and products: what it marks begins and ends as words do, and has a letter.
const ITALIC = new RegExp(`${BEFORE}(?<![*\\\\])\\*(?=[^*]*\\p{L})([\\p{L}\\p{N}"“'「\uE000][^*]*?(?<=[\\p{L}\\p{N}.,!?)"”'」。！？\uE001])|\\p{L})\\*${AFTER}(?!\\*)`, "gu");
// Names of programs have underscores at their ends: what these mark is more than one name.
const UNDERSCORED = new RegExp(`(?<=^|[\\s(["'“「（])(__?)(?![\\s_])(?=[^_]*(?:[\\s:!?.,]|[${UNSPACED}]))((?:(?!\\1).)+?)(?<![\\s_])\\1(?=$|[\\s)\\]"'”」）:,;.!?…、。])`, "gsu");
const STRUCK = new RegExp(`${BEFORE}~~(?![\\s~])((?:(?!~~).)+?)(?<!\\s)~~${AFTER}`, "gsu");

const FENCE = /(?<![^\s>])```(?:([\w+#.-]+)(?=\s))?(.*?)(?:(?<=\s)```(?!`)|```(?=\s|$)|(?=…$))/gs;
const CODE = /(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)/gs;
const IMAGE_OR_LINK = /!?(?<![\w\])])\[((?:[^[\]]|\[[^[\]]*\])*)\]\((?:<[^<>]*>|[^\s()]*[/.#:@][^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+(?:"[^"]*"|'[^']*'))?\)/g;
// The address was cut away with what followed.
const CUT_LINK = /!?(?<![\w\])])\[([^[\]]+)\]\([^\s()]*…$/g;
const AUTO_LINK = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/g;

// `|---|:-:|`: bars and at least two rules, or the beginning of such a row where the text was cut.
const RULE_ROW = /\|\s?:?-+:?\s?(?:\|\s?:?-+:?\s?)+\||\|\s?:?-{2,}:?(?:\s?\|\s?:?-*:?)*…$/;

// What stands in code is no markdown: it is put aside under a number, between signs that no text has.
const ASIDE = /\uE000(\d+)\uE001/g;

/** The words of a markdown text, on one line. */
export function plainWords(text: string): string {
  // Most have no sign that could be a mark.
  if (!/[*_`[|#~<>\n]|^[-+] |---/.test(text)) return text;
  // JSON is no markdown.
  if (/^\s*(?:\{\s*"|\[\s*[{["])/.test(text)) return text;
  const code: string[] = [];
  const aside = (words: string): string => `\uE000${code.push(words.trim()) - 1}\uE001`;
  const lines = text
    .replace(/[\uE000\uE001]/g, "")
    // A word alone between fences is no language.
    .replace(FENCE, (_whole, language: string | undefined, words: string) => aside(words.trim() === "" ? (language ?? "") : words))
    .replace(CODE, (_whole, _ticks, words: string) => aside(words))
    .split("\n");
  const line = lines.map(withoutLineMarks).join(" ").replace(/\s+/g, " ").trim();
  const words = withoutEmphasis(withoutTable(withoutInnerMarks(withoutLinks(line))));
  return words.replace(ASIDE, (_whole, place: string) => code[Number(place)] ?? "").replace(/\s+/g, " ").trim();
}

/** Marks that stand at the beginning of a line: of quotations, headings and lists. */
function withoutLineMarks(line: string): string {
  return line
    .replace(/^\s*(?:-{3,}|\*{3,}|_{3,})\s*(?=$|\s)/, "")
    .replace(/^\s*(?:>\s?)+(?=\S)/, "")
    .replace(/^\s*#{1,6}\s+(?=\S)/, "")
    .replace(/^\s*[-*+]\s+(?:\[[ xX]\]\s+)?(?=[^\s*]|\*\*\S)/, "");
}

/** The same where line ends were folded: behind the end of a sentence, or with more signs than anything else has. */
function withoutInnerMarks(line: string): string {
  return line
    .replace(/(^|\s)#{2,6}(?=\s|$)/g, "$1")
    .replace(/(?<=[.:;!?)。：！？*])\s+(?:-{3,}|\*{3,}|_{3,})(?=\s|$)/g, "")
    .replace(/(?<=[.:;!?。：！？])\s+\*\s+(?=\S)|\s\*\s+(?=\*\*\S)/g, " ");
}

const withoutLinks = (line: string): string =>
  line.replace(IMAGE_OR_LINK, "$1").replace(CUT_LINK, "$1…").replace(AUTO_LINK, "$1");

function withoutEmphasis(line: string): string {
  return line.replace(BOLD, "$2").replace(ITALIC, "$1").replace(UNDERSCORED, "$2").replace(STRUCK, "$1");
}

/** A table's cells with points between them, its rows with semicolons; a table is known by its row of rules. */
function withoutTable(line: string): string {
  const rule = RULE_ROW.exec(line);
  if (rule === null) return line;
  const width = (rule[0].match(/-+/g) ?? []).length;
  const isCut = rule[0].endsWith("…");
  const head = lastCells(line.slice(0, rule.index).trimEnd(), isCut ? null : width);
  if (head === null) return line;
  const rows = [head.cells];
  let rest = line.slice(rule.index + rule[0].length).trimStart();
  while (rest.startsWith("|")) {
    const row = firstCells(rest, width);
    rows.push(row.cells);
    rest = row.rest.trimStart();
  }
  const table = rows.map((cells) => cells.filter((cell) => cell !== "").join(" · ")).filter((row) => row !== "").join("; ");
  const before = head.before === "" ? "" : `${head.before} `;
  // A further table may follow.
  return `${before}${table}${isCut ? " …" : ""}${rest === "" ? "" : `${/[.;…]$/.test(table) ? "" : "."} ${withoutTable(rest)}`}`;
}

const BAR = /(?<!\\)\|/g;
const cell = (words: string): string => words.replaceAll("\\|", "|").trim();

/** The cells of a row at the end of a text, between its bars; null where there are none. Without a width, all. */
function lastCells(text: string, width: number | null): { before: string; cells: string[] } | null {
  if (!text.endsWith("|")) return null;
  const bars = [...text.matchAll(BAR)].map(({ index }) => index);
  const first = bars.at(width === null ? 0 : -(width + 1));
  if (first === undefined || bars.length < 2) return null;
  return { before: text.slice(0, first).trimEnd(), cells: text.slice(first + 1, -1).split(BAR).map(cell) };
}

/** The cells of a row at the beginning of a text, as many as there are, and what follows. */
function firstCells(text: string, width: number): { cells: string[]; rest: string } {
  const bars = [...text.matchAll(BAR)].map(({ index }) => index);
  const last = bars[width];
  const end = last ?? text.length;
  return { cells: text.slice(1, end).split(BAR).map(cell), rest: last === undefined ? "" : text.slice(last + 1) };
}
