// Where the words that are looked for stand in a text.

export interface Piece {
  text: string;
  isMark: boolean;
}

const SPECIAL = /[.*+?^${}()|[\]\\]/g;

/** The text in pieces; words that are looked for are marked, small and capital letters alike. */
export function markedPieces(text: string, words: readonly string[]): Piece[] {
  if (words.length === 0) return [{ text, isMark: false }];
  // The longest first, so that none hides one that holds it.
  const longest = words.toSorted((one, other) => other.length - one.length);
  const found = new RegExp(`(${longest.map((word) => word.replace(SPECIAL, "\\$&")).join("|")})`, "giu");
  return text
    .split(found)
    .map((piece, i) => ({ text: piece, isMark: i % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
