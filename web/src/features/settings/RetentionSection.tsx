// How long traces are kept: the server's limits, and those of each experiment, which an admin may set here.
import { useQuery } from "@tanstack/react-query";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { retentionQuery, type ExperimentRetention, type Retention } from "@/api/settings";
import { Failure } from "@/components/Failure";
import { IconButton } from "@/components/IconButton";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { writeSize } from "@/model/limits";
import { RetentionDialog } from "./RetentionDialog";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function RetentionSection({ canChange }: { canChange: boolean }) {
  const { t } = useSpeech();
  const words = useLimitWords();
  const { data, error, refetch } = useQuery(retentionQuery);
  const [edited, setEdited] = useState<ExperimentRetention | null>(null);
  return (
    <Section title={t.retention} lead={data && t.retentionLead(words(data.general), canChange)}>
      {error && <Failure what={t.whatRetention} error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={4} height={32} widths={[30, 30]} />}
      {data && data.experiments.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.retention}>
          <table className={styles.table} aria-label={t.retention}>
            <thead>
              <tr>
                <th scope="col">{t.experiment}</th>
                <th scope="col">{t.keptFor}</th>
                <th scope="col">{t.saidBy}</th>
                {canChange && <td />}
              </tr>
            </thead>
            <tbody>
              {data.experiments.map((each) => (
                <tr key={each.experiment_id}>
                  <th scope="row">{each.name}</th>
                  <td>{words(each.in_force)}</td>
                  <td className={styles.faint}>{t.retentionSources[each.source]}</td>
                  {canChange && (
                    <td className={styles.number}>
                      <IconButton label={t.changeLimits(each.name)} onClick={() => setEdited(each)}>
                        <IconPencil size={15} stroke={1.6} />
                      </IconButton>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited && data && <RetentionDialog experiment={edited} agesByDays={data.ages_by_days} onClose={() => setEdited(null)} />}
    </Section>
  );
}

/** Limits as words. */
function useLimitWords(): (limits: Retention) => string {
  const { t, language } = useSpeech();
  return ({ is_kept, max_age, max_traces, max_bytes }) => {
    if (is_kept) return t.keptAlways;
    const parts = [
      ...(max_age && max_age !== "never" ? [t.ageLimit(Number.parseInt(max_age, 10), max_age.slice(-1) as "m" | "h" | "d" | "w" | "y")] : []),
      ...(max_traces ? [t.traceLimit(formatCount(max_traces, language))] : []),
      ...(max_bytes ? [writeSize(max_bytes)] : []),
    ];
    return parts.length === 0 ? t.noLimit : parts.join(" · ");
  };
}
