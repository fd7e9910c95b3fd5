// Rows that were chosen to do something with them: one by one, or all between two.

export type Chosen = ReadonlySet<string>;

export const NONE_CHOSEN: Chosen = new Set();

export function toggledRow(chosen: Chosen, id: string): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** With all rows between the two that are named, both included; a row that is gone counts for none. */
export function withRange(chosen: Chosen, ids: readonly string[], from: string, to: string): Chosen {
  const places = [ids.indexOf(from), ids.indexOf(to)].filter((place) => place >= 0);
  const next = new Set(chosen);
  for (const id of ids.slice(Math.min(...places), Math.max(...places) + 1)) next.add(id);
  return next;
}

/** Chosen rows in the order of the list; those that it does not show come behind. */
export function inOrder(chosen: Chosen, ids: readonly string[]): string[] {
  const shown = ids.filter((id) => chosen.has(id));
  const known = new Set(shown);
  return [...shown, ...[...chosen].filter((id) => !known.has(id))];
}
