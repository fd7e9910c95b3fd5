// No trace matches: which part of the question excludes most, and the way out of each.
import { useQueries } from "@tanstack/react-query";
import { countQuery, type ListAsk } from "@/api/queries";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { clauses } from "@/model/filterText";
import styles from "./NoMatch.module.css";
import type { Change } from "./useListAsk";

// Each is a question to the server.
const MOST = 8;

interface Part {
  words: string;
  isClause: boolean;
  without: ListAsk;
  change: Change;
}

export function NoMatch({ ask, onChange }: { ask: ListAsk; onChange: (change: Change) => void }) {
  const { t, language } = useSpeech();
  const parts = partsOf(ask, t.theTimeRange);
  const counts = useQueries({ queries: parts.map(({ without }) => countQuery(without)) });
  const known = parts.map((part, i) => ({ ...part, found: counts[i]?.data ?? null }));
  // What excludes most comes first: without it most would match.
  const sorted = known.toSorted((one, other) => (other.found?.count ?? 0) - (one.found?.count ?? 0));
  return (
    <section className={styles.page} role="status">
      <h2 className={styles.title}>{t.noMatch}</h2>
      {parts.length > 1 && <p className={styles.lead}>{t.noMatchLead}</p>}
      <ul className={styles.parts}>
        {sorted.map(({ words, isClause, change, found }) => (
          <li key={words}>
            <span className={styles.words}>{isClause ? <code>{words}</code> : words}</span>
            <span className={styles.count}>
              {found && t.traceCount(found.count, `${formatCount(found.count, language)}${found.is_exact ? "" : "+"}`)}
            </span>
            <button type="button" className={styles.drop} onClick={() => onChange(change)}>
              {t.leaveOut}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function partsOf(ask: ListAsk, timeRange: string): Part[] {
  const all = clauses(ask.filter ?? "");
  const parts = all.slice(0, MOST).map((clause, i): Part => {
    const rest = all.filter((_, other) => other !== i).join(" AND ");
    const filter = rest === "" ? undefined : rest;
    return { words: clause, isClause: true, without: { ...ask, filter }, change: { filter } };
  });
  if (ask.sinceMs !== null || ask.untilMs !== null) {
    parts.push({
      words: timeRange,
      isClause: false,
      without: { ...ask, sinceMs: null, untilMs: null },
      change: { range: undefined, from: undefined, to: undefined },
    });
  }
  return parts;
}
