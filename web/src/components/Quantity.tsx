// Values in cells: durations, tokens, cost, moments, models. What is unknown is a dash that says why.
import {
  formatAgo,
  formatClock,
  formatCost,
  formatCount,
  formatDuration,
  formatExact,
  formatExactCost,
  formatShare,
} from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { shortModel } from "@/model/modelName";
import { inlineJson } from "@/lib/json";
import type { CostParts, CostReason, Usage } from "@/model/trace";
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

/** The provider's own counts, and the rule that made one meaning of them. */
export interface UsageSource {
  rule: string | null;
  raw: Readonly<Record<string, unknown>>;
}

/** `1,204 → 356`; what of the input came from the cache, and how it was counted, is said on hover. */
export function Tokens({ usage, source }: { usage: Usage | null; source?: UsageSource | undefined }) {
  const { t, language } = useSpeech();
  if (!usage || (usage.input === null && usage.output === null)) return <Unknown why={t.whyNoTokens} />;
  const count = (value: number | null) => (value === null ? "–" : formatCount(value, language));
  const hover = [t.tokensHover(count(usage.input), count(usage.output))];
  if (usage.cacheRead) hover.push(t.cachedHover(count(usage.cacheRead)));
  if (usage.cacheWrite) hover.push(t.cacheWriteHover(count(usage.cacheWrite)));
  const rule = source?.rule;
  if (rule) hover.push("", wordsFor(rule, t.usageRules));
  if (source && Object.keys(source.raw).length > 0) hover.push("", t.rawUsage, ...rawLines(source.raw));
  return (
    <span className={styles.value} data-tip={hover.join("\n")}>
      {count(usage.input)} <span className={styles.arrow}>→</span> {count(usage.output)}
    </span>
  );
}

// A newer server may say a word that this page does not know: then the word itself is shown.
const wordsFor = (word: string, known: Readonly<Record<string, string>>): string => known[word] ?? word;

const rawLines = (raw: UsageSource["raw"]): string[] =>
  Object.entries(raw).map(([name, value]) => `  ${name}: ${inlineJson(value, 80)}`);

interface CostProps {
  usd: number | null;
  reason: CostReason | null;
  /** Calls were billed beside these whose cost is not known. */
  isPartial?: boolean;
  parts?: CostParts | null;
}

/** `$0.0041`; with `≥` before it if it is not the whole, and a dash that says why if it is unknown. */
export function Cost({ usd, reason, isPartial = false, parts = null }: CostProps) {
  const { t, language } = useSpeech();
  const why = reason === null ? t.whyNoCost : wordsFor(reason, t.costReasons);
  if (usd === null) return <Unknown why={why} />;
  const money = (amount: number) => formatExactCost(amount, language);
  const hover = [money(usd)];
  if (isPartial) hover.push(t.costPartial, why);
  if (parts) {
    if (parts.input !== null) hover.push(`${t.inputCost} ${money(parts.input)}`);
    if (parts.cacheRead) hover.push(`${t.cacheReadCost} ${money(parts.cacheRead)}`);
    if (parts.cacheWrite) hover.push(`${t.cacheWriteCost} ${money(parts.cacheWrite)}`);
    if (parts.output !== null) hover.push(`${t.outputCost} ${money(parts.output)}`);
    hover.push("", t.pricesOf(parts.model, parts.source));
  }
  return (
    <span className={styles.value} data-tip={hover.join("\n")}>
      {isPartial && <span className={styles.arrow}>≥ </span>}
      {formatCost(usd, language)}
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
