// A JSON value as the rows of a folding viewer. Only what is open is walked, so size does not matter.
import { isRecord, kindOf, pathText, type JsonKind, type PathStep } from "@/lib/json";

export interface JsonRow {
  /** The row's place as text, unique within the value. */
  id: string;
  path: readonly PathStep[];
  depth: number;
  /** The member's name or index; null for the value itself. */
  step: PathStep | null;
  value: unknown;
  kind: JsonKind;
  /** Number of members; 0 for plain values. */
  size: number;
  isOpen: boolean;
}

export function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

function members(value: unknown): [PathStep, unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown, i) => [i, item]);
  return isRecord(value) ? Object.entries(value) : [];
}

const ROOT = "$";
const idOf = (path: readonly PathStep[]): string => (path.length === 0 ? ROOT : pathText(path));

/** The rows in sight. With `bare`, the value's own row is left out if it has members. */
export function jsonRows(value: unknown, open: ReadonlySet<string>, bare = false): JsonRow[] {
  const rows: JsonRow[] = [];
  const shift = bare && sizeOf(value) > 0 ? 1 : 0;
  const waiting: { path: PathStep[]; value: unknown }[] = [{ path: [], value }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path, value: here } = next;
    const id = idOf(path);
    const size = sizeOf(here);
    const isRoot = path.length === 0;
    const isOpen = size > 0 && (open.has(id) || (isRoot && shift === 1));
    if (!(isRoot && shift === 1)) {
      rows.push({ id, path, depth: path.length - shift, step: path.at(-1) ?? null, value: here, kind: kindOf(here), size, isOpen });
    }
    if (!isOpen) continue;
    const inside = members(here);
    for (let i = inside.length - 1; i >= 0; i--) {
      const member = inside[i];
      if (member) waiting.push({ path: [...path, member[0]], value: member[1] });
    }
  }
  return rows;
}

/** What to open at first: level by level, as long as the rows stay within the budget. */
export function openWithin(value: unknown, budget: number): ReadonlySet<string> {
  const open = new Set<string>();
  let rows = 1;
  let level: { path: PathStep[]; value: unknown }[] = [{ path: [], value }];
  while (level.length > 0) {
    const deeper: typeof level = [];
    for (const { path, value: here } of level) {
      const size = sizeOf(here);
      if (size === 0 || rows + size > budget) continue;
      rows += size;
      open.add(idOf(path));
      const branches = members(here).filter(([, inside]) => sizeOf(inside) > 0);
      deeper.push(...branches.map(([step, inside]) => ({ path: [...path, step], value: inside })));
    }
    level = deeper;
  }
  return open;
}
