// A JSON value as rows of which any stretch can be had at once, however large the value: only what is open has a node,
// and each node knows how many rows it holds. Worked on in the page, or in a worker for payloads of many megabytes.
import { isRecord, kindOf, pathText, type PathStep } from "@/lib/json";
import { sizeOf, type JsonRow } from "./jsonRows";

interface OpenNode {
  value: unknown;
  /** The members' names; null for lists. */
  keys: readonly string[] | null;
  size: number;
  parent: OpenNode | null;
  open: Map<number, OpenNode>;
  /** The places of open members in order; null where that is to be found anew. */
  places: number[] | null;
  /** Rows within: its members, and what is open among them. */
  rows: number;
}

export interface Hits {
  paths: readonly (readonly PathStep[])[];
  /** There are more; these are the first. */
  areMore: boolean;
}

type Path = readonly PathStep[];

const AT_FIRST = 80;
const ALL_ROWS = 300_000;
// Deeper ones are opened one by one: the walk below goes as deep as what is open.
const ALL_LEVELS = 200;
const MOST_HITS = 5000;

export class JsonOutline {
  private readonly root: OpenNode | null;

  constructor(private readonly value: unknown) {
    this.root = sizeOf(value) > 0 ? makeNode(value, null) : null;
    this.openWithin(AT_FIRST);
  }

  /** How many rows are in sight. A value with members has no row of its own. */
  get count(): number {
    return this.root ? this.root.rows : 1;
  }

  /** The rows of a stretch. */
  rows(from: number, to: number): JsonRow[] {
    if (!this.root) return from <= 0 && to > 0 ? [rowOf(this.value, [], false)] : [];
    const found: JsonRow[] = [];
    collect(this.root, [], from, to, found);
    return found;
  }

  /** The value at a path; undefined if there is none. */
  at(path: Path): unknown {
    return path.reduce<unknown>((here, step) => (Array.isArray(here) ? (here as unknown[])[Number(step)] : isRecord(here) ? here[step] : undefined), this.value);
  }

  toggle(path: Path): void {
    const node = this.nodeAt(path.slice(0, -1));
    const place = node ? placeOf(node, path.at(-1)) : -1;
    if (!node || place < 0) return;
    const inside = node.open.get(place);
    if (inside) {
      node.open.delete(place);
      grow(node, -inside.rows);
    } else openAt(node, place);
  }

  openAll(): void {
    this.openWithin(ALL_ROWS);
  }

  closeAll(): void {
    if (!this.root) return;
    Object.assign(this.root, { open: new Map(), places: null, rows: this.root.size });
  }

  /** Opens what is above a place, and says in which row that is. */
  reveal(path: Path): number {
    let node = this.root;
    let row = 0;
    for (const [depth, step] of path.entries()) {
      const place = node ? placeOf(node, step) : -1;
      if (!node || place < 0) return row;
      row += place;
      for (const [before, inside] of node.open) if (before < place) row += inside.rows;
      if (depth === path.length - 1) return row;
      row += 1;
      node = node.open.get(place) ?? openAt(node, place);
    }
    return row;
  }

  /** Where a word is, in names and plain values; letters count alike, large or small. */
  find(word: string): Hits {
    return findIn(this.value, word.toLowerCase());
  }

  /** Level by level, as long as the rows stay within a budget. */
  private openWithin(budget: number): void {
    if (!this.root) return;
    this.closeAll();
    let rows = this.root.size;
    let level = [this.root];
    for (let depth = 0; level.length > 0 && depth < ALL_LEVELS; depth++) {
      const deeper: OpenNode[] = [];
      for (const node of level) {
        const opened = openMembers(node, budget - rows);
        for (const inside of opened) rows += inside.size;
        for (const inside of opened) deeper.push(inside);
      }
      level = deeper;
    }
    total(this.root);
  }

  private nodeAt(path: Path): OpenNode | null {
    let node = this.root;
    for (const step of path) {
      const place = node ? placeOf(node, step) : -1;
      node = node?.open.get(place) ?? null;
    }
    return node;
  }
}

function makeNode(value: unknown, parent: OpenNode | null): OpenNode {
  const size = sizeOf(value);
  return { value, keys: isRecord(value) ? Object.keys(value) : null, size, parent, open: new Map(), places: null, rows: size };
}

function memberAt(node: OpenNode, place: number): [PathStep, unknown] {
  if (!node.keys) return [place, (node.value as readonly unknown[])[place]];
  const key = node.keys[place] ?? "";
  return [key, (node.value as Record<string, unknown>)[key]];
}

const placeOf = (node: OpenNode, step: PathStep | undefined): number =>
  node.keys ? node.keys.indexOf(String(step)) : typeof step === "number" && step < node.size ? step : -1;

function openAt(node: OpenNode, place: number, isCounted = true): OpenNode {
  const inside = makeNode(memberAt(node, place)[1], node);
  node.open.set(place, inside);
  node.places = null;
  if (isCounted) grow(node, inside.rows);
  return inside;
}

/** Opens members as long as their rows fit; who calls this counts. */
function openMembers(node: OpenNode, budget: number): OpenNode[] {
  const opened: OpenNode[] = [];
  let left = budget;
  for (let place = 0; place < node.size && left > 0; place++) {
    const size = sizeOf(memberAt(node, place)[1]);
    if (size === 0 || size > left) continue;
    left -= size;
    opened.push(openAt(node, place, false));
  }
  return opened;
}

function grow(from: OpenNode, by: number): void {
  from.places = null;
  for (let node: OpenNode | null = from; node; node = node.parent) node.rows += by;
}

/** Counts the rows of all that is open, from below. */
function total(root: OpenNode): void {
  const order = [root];
  for (const node of order) for (const inside of node.open.values()) order.push(inside);
  for (const node of order.reverse()) {
    node.rows = node.size;
    for (const inside of node.open.values()) node.rows += inside.rows;
  }
}

/** Adds the rows of a stretch that lie within a node; what is not open is not walked but counted. */
function collect(node: OpenNode, path: Path, from: number, to: number, found: JsonRow[]): void {
  node.places ??= [...node.open.keys()].sort((a, b) => a - b);
  let row = 0;
  let place = 0;
  const plain = (until: number) => {
    for (let i = Math.max(place, place + from - row); i < until && row + i - place < to; i++) add(found, node, path, i, false);
    row += until - place;
    place = until;
  };
  for (const next of node.places) {
    if (row >= to) return;
    plain(next);
    const inside = node.open.get(next);
    if (!inside || row >= to) return;
    if (row >= from) add(found, node, path, next, true);
    row += 1;
    if (row < to && row + inside.rows > from) collect(inside, [...path, memberAt(node, next)[0]], from - row, to - row, found);
    row += inside.rows;
    place = next + 1;
  }
  plain(node.size);
}

function add(found: JsonRow[], node: OpenNode, path: Path, place: number, isOpen: boolean): void {
  const [step, value] = memberAt(node, place);
  found.push(rowOf(value, [...path, step], isOpen));
}

function rowOf(value: unknown, path: Path, isOpen: boolean): JsonRow {
  const id = path.length === 0 ? "$" : pathText(path);
  return { id, path, depth: Math.max(path.length - 1, 0), step: path.at(-1) ?? null, value, kind: kindOf(value), size: sizeOf(value), isOpen };
}

interface Frame {
  value: unknown;
  keys: readonly string[] | null;
  size: number;
  place: number;
}

/** A walk in the order of the text, which keeps no more than the way down to where it is. */
function findIn(value: unknown, word: string): Hits {
  const paths: PathStep[][] = [];
  if (word === "") return { paths, areMore: false };
  const has = (text: string): boolean => text.toLowerCase().includes(word);
  const isHit = (leaf: unknown): boolean => sizeOf(leaf) === 0 && has(typeof leaf === "string" ? leaf : JSON.stringify(leaf));
  if (sizeOf(value) === 0) return { paths: isHit(value) ? [[]] : [], areMore: false };
  const frameOf = (inside: unknown): Frame => ({ value: inside, keys: isRecord(inside) ? Object.keys(inside) : null, size: sizeOf(inside), place: 0 });
  const way: Frame[] = [frameOf(value)];
  const steps: PathStep[] = [];
  for (let frame = way.at(-1); frame; frame = way.at(-1)) {
    if (frame.place >= frame.size) {
      way.pop();
      steps.pop();
      continue;
    }
    const key = frame.keys?.[frame.place];
    const inside: unknown = key === undefined ? (frame.value as readonly unknown[])[frame.place] : (frame.value as Record<string, unknown>)[key];
    const step: PathStep = key ?? frame.place;
    frame.place += 1;
    if ((key !== undefined && has(key)) || isHit(inside)) {
      if (paths.length >= MOST_HITS) return { paths, areMore: true };
      paths.push([...steps, step]);
    }
    if (sizeOf(inside) === 0) continue;
    way.push(frameOf(inside));
    steps.push(step);
  }
  return { paths, areMore: false };
}
