// A text as words for a diff: words, signs and line ends by themselves; Japanese and the like by its own words.

// Signs of scripts that put no space between words.
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+|[\p{L}\p{N}\p{M}_'’]+?(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])|[\p{L}\p{N}\p{M}_'’]+|\n|[^\S\n]+|./gsu;
// Finding words is dear: beyond so many signs of a text they are taken one by one.
const MOST_SEGMENTED = 50_000;

export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let left = MOST_SEGMENTED;
  for (const [token] of text.matchAll(TOKEN)) {
    if (!UNSPACED.test(token.charAt(0))) words.push(token);
    else if (token.length <= left) {
      left -= token.length;
      for (const { segment } of segmenter().segment(token)) words.push(segment);
    } else for (const sign of token) words.push(sign);
  }
  return words;
}

let kept: Intl.Segmenter | undefined;
const segmenter = (): Intl.Segmenter => (kept ??= new Intl.Segmenter("ja", { granularity: "word" }));
