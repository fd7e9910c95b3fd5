// Experiments: one line each; a click opens their traces. Those that are put away stand below.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconArchive, IconArchiveOff, IconDots, IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { editExperiment } from "@/api/experiments";
import { experimentsQuery, sessionQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { Fold } from "@/components/Fold";
import { IconButton } from "@/components/IconButton";
import { MenuButton } from "@/components/MenuButton";
import { Ago, Unknown } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatShare } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { useTitle } from "@/lib/useTitle";
import type { Experiment } from "@/model/trace";
import { ExperimentDialog } from "./ExperimentDialog";
import styles from "./ExperimentsView.module.css";

type Asking = Experiment | "new" | null;

export function ExperimentsView() {
  const { t } = useSpeech();
  const { data, error, refetch } = useQuery(experimentsQuery);
  const { data: session } = useQuery(sessionQuery);
  const [asking, setAsking] = useState<Asking>(null);
  // What the server would refuse is not offered.
  const isAdmin = session?.role === "admin";
  const isWhole = isAdmin && session.experiments === null;
  useTitle(t.experiments);
  const shown = data?.filter(({ isArchived }) => !isArchived);
  const archived = data?.filter(({ isArchived }) => isArchived) ?? [];
  const lines = { isAdmin, onEdit: setAsking };
  return (
    <>
      <header className={styles.head}>
        <h1 className={styles.title}>{t.experiments}</h1>
        {isWhole && (
          <button type="button" className={styles.make} onClick={() => setAsking("new")}>
            <IconPlus size={15} stroke={1.8} aria-hidden />
            {t.newExperiment}
          </button>
        )}
      </header>
      {shown ? (
        <div className={styles.pane}>
          {shown.length === 0 ? <p className={styles.empty}>{t.noExperiments}</p> : <ExperimentTable experiments={shown} label={t.experiments} {...lines} />}
          {archived.length > 0 && (
            <Fold className={styles.archived} label={t.archivedCount(archived.length)}>
              <ExperimentTable experiments={archived} label={t.archived} {...lines} />
            </Fold>
          )}
        </div>
      ) : error ? (
        <Failure what={t.whatExperiments} error={error} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={8} height={32} widths={[40, 8, 8, 12]} />
      )}
      {asking !== null && <ExperimentDialog experiment={asking === "new" ? null : asking} canRename={isWhole} onClose={() => setAsking(null)} />}
    </>
  );
}

interface TableProps {
  experiments: readonly Experiment[];
  label: string;
  isAdmin: boolean;
  onEdit: (experiment: Experiment) => void;
}

function ExperimentTable({ experiments, label, ...rest }: TableProps) {
  const { t } = useSpeech();
  const nowMs = useNow(30_000);
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{t.name}</th>
          <th scope="col">{t.traces}</th>
          <th scope="col">{t.errors}</th>
          <th scope="col">{t.lastTrace}</th>
          {rest.isAdmin && <td className={styles.tools} />}
        </tr>
      </thead>
      <tbody>
        {experiments.map((experiment) => (
          <ExperimentLine key={experiment.id} experiment={experiment} nowMs={nowMs} {...rest} />
        ))}
      </tbody>
    </table>
  );
}

interface LineProps {
  experiment: Experiment;
  nowMs: number;
  isAdmin: boolean;
  onEdit: (experiment: Experiment) => void;
}

function ExperimentLine({ experiment, nowMs, isAdmin, onEdit }: LineProps) {
  const { t, language } = useSpeech();
  const navigate = useNavigate();
  const { name, description, formerNames, traceCount, errorCount, lastTraceNs } = experiment;
  const hint = [description, formerNames.length > 0 ? t.formerNames(formerNames.join(", ")) : ""].filter(Boolean).join(" · ");
  return (
    <tr onClick={() => navigate({ to: "/traces", search: { experiment: name } })}>
      <td>
        <Link to="/traces" search={{ experiment: name }} onClick={(event) => event.stopPropagation()}>
          {name}
        </Link>
        {hint !== "" && <div className={styles.hint} data-tip={hint}>{hint}</div>}
      </td>
      <td>{formatCount(traceCount, language)}</td>
      <td className={errorCount > 0 ? styles.errors : styles.none}>
        {errorCount > 0 && <span className={styles.share}>{formatShare(errorCount, traceCount)}</span>}
        {formatCount(errorCount, language)}
      </td>
      <td>{lastTraceNs === null ? <Unknown why={t.whyNoTracesYet} /> : <Ago ns={lastTraceNs} nowMs={nowMs} />}</td>
      {isAdmin && (
        <td className={styles.tools} onClick={(event) => event.stopPropagation()}>
          <LineMenu experiment={experiment} onEdit={onEdit} />
        </td>
      )}
    </tr>
  );
}

function LineMenu({ experiment, onEdit }: Pick<LineProps, "experiment" | "onEdit">) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const { id, name, isArchived } = experiment;
  const archiving = useMutation({
    mutationFn: () => editExperiment(id, { is_archived: !isArchived }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["experiments"] }),
  });
  return (
    <>
      {archiving.error && <span role="alert" className={styles.errors}>{archiving.error.message || t.noAnswer}</span>}
      <MenuButton
        button={
          <IconButton label={t.changeExperiment(name)}>
            <IconDots size={16} stroke={1.6} />
          </IconButton>
        }
        entries={[
          { kind: "item", label: t.renameDescribe, icon: <IconPencil size={15} stroke={1.6} />, onClick: () => onEdit(experiment) },
          {
            kind: "item",
            label: isArchived ? t.restoreExperiment : t.archiveExperiment,
            icon: isArchived ? <IconArchiveOff size={15} stroke={1.6} /> : <IconArchive size={15} stroke={1.6} />,
            onClick: () => archiving.mutate(),
          },
        ]}
      />
    </>
  );
}
