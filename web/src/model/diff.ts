// What was taken out of a sequence and what was put in, so that one becomes the other. Numbers stand for its
// members. Myers' algorithm in linear space (An O(ND) Difference Algorithm, 1986, chapter 4b), within a bound:
// two texts that have little in common end in "all of this became all of that", not in a page that stands still.

export interface Marks {
  /** 1 for each member of the first that the second lacks. */
  removed: Uint8Array;
  added: Uint8Array;
}

/** A part of both sequences that is still to be compared; ends are not included. */
interface Range {
  a0: number;
  a1: number;
  b0: number;
  b1: number;
}

interface Snake {
  x: number;
  y: number;
  u: number;
  v: number;
}

// Longer ranges are cut first where both have something that neither has twice.
const LONG = 3000;
// More differences than this between two cuts are not looked for.
const MOST_DIFFERENCES = 1500;
// Steps of all searches together: tens of milliseconds.
const MOST_STEPS = 12_000_000;

export function diff(a: Int32Array, b: Int32Array): Marks {
  const marks = { removed: new Uint8Array(a.length), added: new Uint8Array(b.length) };
  const search = new MiddleSnakes(a, b);
  const waiting: Range[] = [{ a0: 0, a1: a.length, b0: 0, b1: b.length }];
  for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
    const rest = trimmed(a, b, range);
    const { a0, a1, b0, b1 } = rest;
    const parts = a0 === a1 || b0 === b1 ? null : split(a, b, rest, search);
    if (parts === null) {
      marks.removed.fill(1, a0, a1);
      marks.added.fill(1, b0, b1);
    } else waiting.push(...parts);
  }
  return marks;
}

/** Without what both begin and end with. */
function trimmed(a: Int32Array, b: Int32Array, { a0, a1, b0, b1 }: Range): Range {
  while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) [a0, b0] = [a0 + 1, b0 + 1];
  while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) [a1, b1] = [a1 - 1, b1 - 1];
  return { a0, a1, b0, b1 };
}

/** The parts into which a range falls; null if there is nothing in common, or not found within the bounds. */
function split(a: Int32Array, b: Int32Array, range: Range, search: MiddleSnakes): Range[] | null {
  const { a0, a1, b0, b1 } = range;
  if (a1 - a0 + b1 - b0 > LONG) {
    const cuts = uniqueCuts(a, b, range);
    if (cuts.length > 0) return between(range, cuts);
  }
  const snake = search.find(range);
  if (snake === null) return null;
  const { x, y, u, v } = snake;
  const parts = [
    { a0, a1: x, b0, b1: y },
    { a0: u, a1, b0: v, b1 },
  ];
  // A part that is the whole would never end.
  return parts.some((part) => part.a0 === a0 && part.a1 === a1 && part.b0 === b0 && part.b1 === b1) ? null : parts;
}

function between({ a0, a1, b0, b1 }: Range, cuts: readonly (readonly [number, number])[]): Range[] {
  const parts: Range[] = [];
  let [x, y] = [a0, b0];
  for (const [i, j] of cuts) {
    if (i > x || j > y) parts.push({ a0: x, a1: i, b0: y, b1: j });
    [x, y] = [i + 1, j + 1];
  }
  parts.push({ a0: x, a1, b0: y, b1 });
  return parts;
}

/** Members that stand once in each range, as many of them as keep their order: places in both. */
function uniqueCuts(a: Int32Array, b: Int32Array, { a0, a1, b0, b1 }: Range): [number, number][] {
  const inA = places(a, a0, a1);
  const inB = places(b, b0, b1);
  const pairs: [number, number][] = [];
  for (const [member, i] of inA) {
    const j = inB.get(member) ?? -1;
    if (i >= 0 && j >= 0) pairs.push([i, j]);
  }
  pairs.sort(([one], [other]) => one - other);
  return longestRising(pairs);
}

/** Where each member stands; -1 for one that is there twice. */
function places(sequence: Int32Array, from: number, to: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = from; i < to; i++) {
    const member = sequence[i] ?? 0;
    found.set(member, found.has(member) ? -1 : i);
  }
  return found;
}

/** The longest choice of pairs, in order of the first, whose second places rise: patience sorting. */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  const ends: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([, j], place) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    before[place] = low > 0 ? (ends[low - 1] ?? -1) : -1;
    ends[low] = place;
  });
  const chosen: [number, number][] = [];
  for (let place = ends.at(-1) ?? -1; place >= 0; place = before[place] ?? -1) {
    const pair = pairs[place];
    if (pair) chosen.push(pair);
  }
  return chosen.reverse();
}

/** Finds the middle of a shortest way from both ends at once. */
class MiddleSnakes {
  private steps = 0;
  private forward = new Int32Array(0);
  private backward = new Int32Array(0);

  constructor(
    private readonly a: Int32Array,
    private readonly b: Int32Array,
  ) {}

  find({ a0, a1, b0, b1 }: Range): Snake | null {
    const [n, m] = [a1 - a0, b1 - b0];
    const most = Math.min(Math.ceil((n + m) / 2), MOST_DIFFERENCES);
    const { forward, backward, zero } = this.room(most);
    const delta = n - m;
    const isOdd = delta % 2 !== 0;
    for (let d = 0; d <= most; d++) {
      this.steps += 2 * d + 2;
      if (this.steps > MOST_STEPS) return null;
      for (let k = -d; k <= d; k += 2) {
        const start = this.reached(forward, zero, k, d);
        let [x, y] = [start, start - k];
        while (x < n && y < m && this.a[a0 + x] === this.b[b0 + y]) [x, y] = [x + 1, y + 1];
        this.steps += x - start;
        forward[zero + k] = x;
        const meets = isOdd && Math.abs(delta - k) < d && x + (backward[zero + delta - k] ?? 0) >= n;
        if (meets) return { x: a0 + start, y: b0 + start - k, u: a0 + x, v: b0 + y };
      }
      for (let k = -d; k <= d; k += 2) {
        const start = this.reached(backward, zero, k, d);
        let [x, y] = [start, start - k];
        while (x < n && y < m && this.a[a1 - 1 - x] === this.b[b1 - 1 - y]) [x, y] = [x + 1, y + 1];
        this.steps += x - start;
        backward[zero + k] = x;
        const meets = !isOdd && Math.abs(delta - k) <= d && x + (forward[zero + delta - k] ?? 0) >= n;
        if (meets) return { x: a1 - x, y: b1 - y, u: a1 - start, v: b1 - start + k };
      }
    }
    return null;
  }

  /** How far diagonal k comes with one difference more. */
  private reached(row: Int32Array, zero: number, k: number, d: number): number {
    const [below, above] = [row[zero + k - 1] ?? 0, row[zero + k + 1] ?? 0];
    return k === -d || (k !== d && below < above) ? above : below + 1;
  }

  private room(most: number) {
    const size = 2 * most + 3;
    if (this.forward.length < size) [this.forward, this.backward] = [new Int32Array(size), new Int32Array(size)];
    const zero = most + 1;
    this.forward[zero + 1] = 0;
    this.backward[zero + 1] = 0;
    return { forward: this.forward, backward: this.backward, zero };
  }
}
