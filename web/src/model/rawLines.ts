// A long text as lines of no more columns than fit, of which any can be had at once. Wide letters count twice.

const WIDE_FROM = 0x1100;
const NEWLINE = 10;
const MOST_HITS = 5000;

export interface RawHits {
  /** The line of each, in order. */
  lines: readonly number[];
  areMore: boolean;
}

export class RawLines {
  private readonly starts: number[] = [0];

  constructor(
    private readonly text: string,
    columns: number,
  ) {
    const most = Math.max(columns, 8);
    let used = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === NEWLINE) {
        this.starts.push(i + 1);
        used = 0;
        continue;
      }
      const width = code >= WIDE_FROM ? 2 : 1;
      // The second half of a pair stays with the first.
      const isTail = code >= 0xdc00 && code <= 0xdfff;
      if (used + width > most && !isTail) {
        this.starts.push(i);
        used = 0;
      }
      if (!isTail) used += width;
    }
  }

  get count(): number {
    return this.starts.length;
  }

  line(at: number): string {
    const start = this.starts[at] ?? this.text.length;
    const end = this.starts[at + 1] ?? this.text.length;
    return this.text.slice(start, this.text.charCodeAt(end - 1) === NEWLINE && end > start ? end - 1 : end);
  }

  find(word: string): RawHits {
    const lines: number[] = [];
    if (word === "") return { lines, areMore: false };
    const pattern = new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
    for (let hit = pattern.exec(this.text); hit; hit = pattern.exec(this.text)) {
      if (lines.length >= MOST_HITS) return { lines, areMore: true };
      lines.push(this.lineOf(hit.index));
    }
    return { lines, areMore: false };
  }

  private lineOf(index: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
