// How long traces are kept, as people write it: `30d`, `1000`, `5 GB`.

const AGE = /^([1-9][0-9]{0,5})\s*([mhdwy])$/i;
const UNITS: readonly (readonly [string, number])[] = [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3], ["B", 1]];

/** An age as the server takes it; undefined where it is none, null for nothing. */
export function readAge(text: string): string | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (trimmed.toLowerCase() === "never") return "never";
  const found = AGE.exec(trimmed);
  return found ? `${found[1] ?? ""}${(found[2] ?? "").toLowerCase()}` : undefined;
}

/** A whole number of one or more; undefined where it is none, null for nothing. */
export function readWhole(text: string): number | null | undefined {
  const trimmed = text.trim().replaceAll(",", "");
  if (trimmed === "") return null;
  return /^[1-9][0-9]{0,14}$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** A size with its unit; undefined where it is none, null for nothing. */
export function readSize(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const found = /^([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?b?)$/i.exec(trimmed);
  const unit = UNITS.find(([name]) => name.toLowerCase().replace(/b$/, "") === (found?.[2] ?? "").toLowerCase().replace(/b$/, ""));
  const bytes = Math.round(Number(found?.[1]) * (unit?.[1] ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= 1e15 ? bytes : undefined;
}

/** A size in the largest unit that writes it in few digits. */
export function writeSize(bytes: number): string {
  const [name, size] = UNITS.find(([, each]) => bytes >= each) ?? ["B", 1];
  return `${Number((bytes / size).toFixed(1))} ${name}`;
}
