// Two texts as pieces: what both have, what one lacks, what the other has more; and what of it is worth showing.
import { diff } from "./diff";
import { wordsOf } from "./words";

export interface DiffPiece {
  kind: "same" | "removed" | "added";
  text: string;
}

export function diffTexts(before: string, after: string): DiffPiece[] {
  if (before === after) return before === "" ? [] : [{ kind: "same", text: before }];
  const [a, b] = [wordsOf(before), wordsOf(after)];
  const numbers = new Map<string, number>();
  const marks = diff(numbered(a, numbers), numbered(b, numbers));
  const pieces = new Pieces();
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && marks.removed[i] === 1) pieces.add("removed", a[i++] ?? "");
    else if (j < b.length && marks.added[j] === 1) pieces.add("added", b[j++] ?? "");
    else {
      pieces.add("same", a[i++] ?? "");
      j++;
    }
  }
  return pieces.done();
}

function numbered(words: readonly string[], numbers: Map<string, number>): Int32Array {
  return Int32Array.from(words, (word) => {
    const known = numbers.get(word) ?? numbers.size;
    numbers.set(word, known);
    return known;
  });
}

/** Joins what belongs together: nobody reads "a space stayed" between two words that changed. */
class Pieces {
  private readonly all: DiffPiece[] = [];
  private removed = "";
  private added = "";
  private space = "";

  add(kind: DiffPiece["kind"], text: string): void {
    if (kind === "same") {
      if ((this.removed !== "" || this.added !== "") && /^\s+$/.test(text) && this.space === "") {
        this.space = text;
        return;
      }
      this.flush();
      const last = this.all.at(-1);
      if (last?.kind === "same") last.text += text;
      else this.all.push({ kind, text });
      return;
    }
    this.removed += this.space;
    this.added += this.space;
    this.space = "";
    if (kind === "removed") this.removed += text;
    else this.added += text;
  }

  done(): DiffPiece[] {
    this.flush();
    return this.all;
  }

  private flush(): void {
    const { removed, added, space } = this;
    [this.removed, this.added, this.space] = ["", "", ""];
    if (removed !== "") this.all.push({ kind: "removed", text: removed });
    if (added !== "") this.all.push({ kind: "added", text: added });
    if (space !== "") this.all.push({ kind: "same", text: space });
  }
}

/** A piece, or in `hidden` what of one is folded away. */
export interface ShownPiece {
  kind: DiffPiece["kind"];
  text: string;
  /** How many signs are folded away behind this piece. */
  hidden: number;
  /** The place of the piece that it is of. */
  of: number;
}

// What stands around a change, in signs.
const AROUND = 160;
const LONGEST = 6000;

/** The pieces of one side, with what did not change folded where it is long, unless it was opened. */
export function shownSide(pieces: readonly DiffPiece[], side: "removed" | "added", opened: ReadonlySet<number>): ShownPiece[] {
  return pieces.flatMap((piece, of): ShownPiece[] => {
    const { kind, text } = piece;
    if (kind !== "same" && kind !== side) return [];
    const whole: ShownPiece = { kind, text, hidden: 0, of };
    if (opened.has(of)) return [whole];
    if (kind !== "same") return text.length <= LONGEST ? [whole] : [{ kind, text: text.slice(0, LONGEST), hidden: text.length - LONGEST, of }];
    const isFirst = of === 0;
    const isLast = of === pieces.length - 1;
    if (isFirst && isLast) return text.length <= LONGEST ? [whole] : [{ kind, text: text.slice(0, LONGEST), hidden: text.length - LONGEST, of }];
    const head = isFirst ? "" : beginning(text);
    const tail = isLast ? "" : ending(text);
    const hidden = text.length - head.length - tail.length;
    if (hidden <= AROUND) return [whole];
    return [{ kind, text: head, hidden, of }, { kind, text: tail, hidden: 0, of }];
  });
}

// Cut between words, never within a sign of two halves.
const beginning = (text: string): string => text.slice(0, AROUND).replace(/[\uD800-\uDBFF]$/, "").replace(/(\s)\S{0,20}$/, "$1");
const ending = (text: string): string => text.slice(-AROUND).replace(/^[\uDC00-\uDFFF]/, "").replace(/^\S{0,20}(\s)/, "$1");
