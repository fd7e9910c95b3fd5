// What can be done by typing a few letters of its name. Pure: which commands fit, the best first.

export interface Command {
  id: string;
  /** Under which heading it stands. */
  group: string;
  name: string;
  /** What it may be looked for by besides its name, and is shown faintly. */
  hint?: string;
  run: () => void;
}

const NO_FIT = -1;

/** How well a text fits a name: the beginning, then a word's beginning, then within, then letters in their order. */
export function fitOf(name: string, typed: string): number {
  const [text, wanted] = [name.toLowerCase(), typed.trim().toLowerCase()];
  if (wanted === "") return 0;
  const at = text.indexOf(wanted);
  if (at === 0) return 100;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text.charAt(at - 1)) ? 50 : 80;
  // Words in any order: `dark theme` finds `Theme: dark`.
  const words = wanted.split(/\s+/);
  if (words.length > 1 && words.every((word) => text.includes(word))) return 40;
  return isSubsequence(wanted.replaceAll(" ", ""), text) ? 10 : NO_FIT;
}

function isSubsequence(wanted: string, text: string): boolean {
  let from = 0;
  for (const letter of wanted) {
    const at = text.indexOf(letter, from);
    if (at < 0) return false;
    from = at + letter.length;
  }
  return true;
}

/** The commands that fit what is typed: groups in the order of their best one, at most so many of each. */
export function fitting(commands: readonly Command[], typed: string, mostOfGroup: number): Command[] {
  const scored = commands
    .map((command, place) => ({ command, place, fit: Math.max(fitOf(command.name, typed), fitOf(command.hint ?? "", typed) - 5) }))
    .filter(({ fit }) => fit > NO_FIT);
  const best = new Map<string, number>();
  for (const { command, fit } of scored) best.set(command.group, Math.max(best.get(command.group) ?? NO_FIT, fit));
  const first = [...best.keys()];
  scored.sort(
    (one, other) =>
      (best.get(other.command.group) ?? 0) - (best.get(one.command.group) ?? 0) ||
      first.indexOf(one.command.group) - first.indexOf(other.command.group) ||
      other.fit - one.fit ||
      one.place - other.place,
  );
  const counts = new Map<string, number>();
  return scored.flatMap(({ command }) => {
    const count = (counts.get(command.group) ?? 0) + 1;
    counts.set(command.group, count);
    return count > mostOfGroup ? [] : [command];
  });
}

/** The trace that a text names: an id, with `tr-` before it or not, or an address of this page or of an API. */
export function traceIdIn(text: string): string | null {
  const found = /(?:^|\/traces\/|tr-|\s)(?:tr-)?([0-9a-f]{32})(?![0-9a-f])/i.exec(text.trim());
  return found?.[1]?.toLowerCase() ?? null;
}
