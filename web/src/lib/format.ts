// Numbers, durations and moments as words. Pure; the locale is always given.

const MS = 1e6;
const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, "0");

/** A duration in nanoseconds as `0.42 ms`, `840 ms`, `2.31 s`, `1 m 04 s` or `2 h 05 m`. */
export function formatDuration(ns: number): string {
  if (ns < 0) return `-${formatDuration(-ns)}`;
  if (ns === 0) return "0 ms";
  if (ns < 0.995 * MS) return `${(ns / MS).toFixed(2)} ms`;
  if (ns < 9.95 * MS) return `${trimZero((ns / MS).toFixed(1))} ms`;
  if (ns < 999.5 * MS) return `${Math.round(ns / MS)} ms`;
  if (ns < 9.995 * SECOND) return `${(ns / SECOND).toFixed(2)} s`;
  if (ns < 59.95 * SECOND) return `${(ns / SECOND).toFixed(1)} s`;
  if (ns < HOUR - SECOND / 2) {
    const seconds = Math.round(ns / SECOND);
    return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  }
  const minutes = Math.round(ns / MINUTE);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
}

/** A moment on an axis whose marks lie `stepNs` apart, with the digits that tell them apart: `12.005 s`. */
export function formatMark(ns: number, stepNs: number): string {
  const [unit, name] = ns >= SECOND ? [SECOND, "s"] : [MS, "ms"];
  if (ns >= MINUTE && stepNs >= SECOND) return formatDuration(ns);
  const digits = Math.min(Math.max(Math.ceil(Math.log10(unit / stepNs) - 1e-9), 0), 6);
  return `${(ns / unit).toFixed(digits)} ${name}`;
}

const trimZero = (text: string): string => (text.endsWith(".0") ? text.slice(0, -2) : text);

/** A count with the locale's thousands separators. */
export function formatCount(value: number, locale: string): string {
  // The same in every language of the page; the first formatter of a page takes longer to make than all else of a row.
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  return numberFormat(locale).format(value);
}

/** Dollars with as many digits as mean something: `$0.0041`, `$0.0110`, `$0.127`, `$1.27`, `$1,270`, `<$0.0001`. */
export function formatCost(usd: number, locale: string): string {
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "<$0.0001";
  // Each bound is where the digits after it would round up to the next form.
  const digits = usd < 0.09995 ? 4 : usd < 0.9995 ? 3 : usd < 99.995 ? 2 : 0;
  return `$${usd < 999 ? usd.toFixed(digits) : dollarFormat(locale, digits).format(usd)}`;
}

/** Dollars for a hover, where every digit counts: to a billionth, without zeros at the end. */
export function formatExactCost(usd: number, locale: string): string {
  return `$${dollarFormat(locale, 2, 9).format(usd)}`;
}

/** A size as `812 B`, `4.2 kB`, `1.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_950) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A share of a whole as `81 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return "0 %";
  return `${Math.round((part / whole) * 100)} %`;
}

const dateOf = (ns: bigint): Date => new Date(Number(ns / 1_000_000n));

/** The wall clock's time, `12:04:31`. */
export function formatClock(ns: bigint): string {
  const date = dateOf(ns);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The exact local moment to the microsecond, with the zone's offset: what a hover shows. */
export function formatExact(ns: bigint): string {
  const date = dateOf(ns);
  const micros = String(Number((ns / 1000n) % 1_000_000n)).padStart(6, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(ns)}.${micros} ${zone}`;
}

/** A stretch of time, as short as it can be told: `24 Nov, 10:00 – 11:00`, `24 Nov – 1 Dec`. */
export function formatStretch(fromMs: number, toMs: number, locale: string): string {
  const isDays = isMidnight(fromMs) && isMidnight(toMs);
  // A stretch of whole days ends with a day, not with the midnight after it.
  return stretchFormat(locale, !isDays).formatRange(fromMs, isDays ? toMs - 1 : toMs);
}

/** A moment on an axis of this length: the time of day, or the day where it is long. */
export function formatTick(ms: number, lengthMs: number, locale: string): string {
  const isShort = lengthMs < 2 * (DAY / MS);
  return isShort ? formatClock(BigInt(ms) * 1_000_000n).slice(0, 5) : stretchFormat(locale, false).format(ms);
}

/** A large count in few digits: `1,204`, `310M`, `1.42B`. */
export function formatLarge(value: number, locale: string): string {
  return value < 1e5 ? formatCount(value, locale) : largeFormat(locale).format(value);
}

const isMidnight = (ms: number): boolean => {
  const date = new Date(ms);
  return date.getHours() === 0 && date.getMinutes() === 0;
};

/** How long ago: `now`, `12 sec. ago`, `3 min. ago`, `5 hr. ago`; older than a day, the date. */
export function formatAgo(ns: bigint, nowMs: number, locale: string): string {
  const age = nowMs * 1e6 - Number(ns);
  if (age >= DAY) return dateFormat(locale, dateOf(ns).getFullYear() !== new Date(nowMs).getFullYear()).format(dateOf(ns));
  const relative = relativeFormat(locale);
  if (age < 5 * SECOND) return relative.format(0, "second");
  if (age < MINUTE) return relative.format(-Math.floor(age / SECOND), "second");
  if (age < HOUR) return relative.format(-Math.floor(age / MINUTE), "minute");
  return relative.format(-Math.floor(age / HOUR), "hour");
}

// Intl formatters are dear to make and are asked for once a cell: keep one of each kind.
const cache = new Map<string, unknown>();
function kept<T>(key: string, make: () => T): T {
  const found = cache.get(key);
  if (found !== undefined) return found as T;
  const made = make();
  cache.set(key, made);
  return made;
}
const dollarFormat = (locale: string, least: number, most = least): Intl.NumberFormat =>
  kept(`c:${locale}:${least}:${most}`, () =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most }),
  );
const numberFormat = (locale: string): Intl.NumberFormat => kept(`n:${locale}`, () => new Intl.NumberFormat(locale));
const largeFormat = (locale: string): Intl.NumberFormat =>
  kept(`l:${locale}`, () => new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 }));
const stretchFormat = (locale: string, withTime: boolean): Intl.DateTimeFormat =>
  kept(`s:${locale}:${withTime}`, () =>
    new Intl.DateTimeFormat(locale, {
      day: "numeric",
      month: "short",
      ...(withTime && { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    }),
  );
const relativeFormat = (locale: string): Intl.RelativeTimeFormat =>
  kept(`r:${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" }));
const dateFormat = (locale: string, withYear: boolean): Intl.DateTimeFormat =>
  kept(`d:${locale}:${withYear}`, () =>
    new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", ...(withYear && { year: "numeric" }) }),
  );
