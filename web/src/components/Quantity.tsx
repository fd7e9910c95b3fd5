// Values in cells: durations, tokens, moments, models. What is unknown is a dash that says why.
import { formatAgo, formatClock, formatCount, formatDuration, formatExact, formatShare } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { shortModel } from "@/model/modelName";
import type { Usage } from "@/model/trace";
import styles from "./Quantity.module.css";

export function Unknown({ why }: { why: string }) {
  return (
    <span className={styles.unknown} data-tip={why} aria-label={why}>
      –
    </span>
  );
}

export function Duration({ ns, why }: { ns: number | null; why: string }) {
  if (ns === null) return <Unknown why={why} />;
  return <span className={styles.value}>{formatDuration(ns)}</span>;
}

/** `1,204 → 356`; how much of the input came from the cache is said on hover. */
export function Tokens({ usage }: { usage: Usage | null }) {
  const { t, language } = useSpeech();
  if (!usage || (usage.input === null && usage.output === null)) return <Unknown why={t.whyNoTokens} />;
  const count = (value: number | null) => (value === null ? "–" : formatCount(value, language));
  const hover = [t.tokensHover(count(usage.input), count(usage.output))];
  if (usage.cacheRead) hover.push(t.cachedHover(count(usage.cacheRead)));
  if (usage.cacheWrite) hover.push(t.cacheWriteHover(count(usage.cacheWrite)));
  return (
    <span className={styles.value} data-tip={hover.join("\n")}>
      {count(usage.input)} <span className={styles.arrow}>→</span> {count(usage.output)}
    </span>
  );
}

/** The share of the input that was read from the cache; nothing if none was. */
export function CachedShare({ usage }: { usage: Usage | null }) {
  const { t } = useSpeech();
  if (!usage?.cacheRead || !usage.input) return null;
  return <span className={styles.faint}>{t.cached(formatShare(usage.cacheRead, usage.input))}</span>;
}

export function Clock({ ns }: { ns: bigint }) {
  return (
    <time className={styles.value} data-tip={formatExact(ns)}>
      {formatClock(ns)}
    </time>
  );
}

export function Ago({ ns, nowMs }: { ns: bigint; nowMs: number }) {
  const { language } = useSpeech();
  return (
    <time className={styles.value} data-tip={formatExact(ns)}>
      {formatAgo(ns, nowMs, language)}
    </time>
  );
}

export function ModelName({ id }: { id: string }) {
  return <span data-tip={id}>{shortModel(id)}</span>;
}
