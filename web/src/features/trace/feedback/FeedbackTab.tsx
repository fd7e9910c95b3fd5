// Feedback: what people and judges said of this span and of its trace, and the place to say something.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { addAssessment, assessmentsQuery, deleteAssessment, editAssessment } from "@/api/judging";
import { sessionQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { IconButton } from "@/components/IconButton";
import { Ago } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { shownValue, type Assessment, type NewAssessment } from "@/model/assessment";
import styles from "./Feedback.module.css";
import { FeedbackForm } from "./FeedbackForm";

interface Props {
  traceId: string;
  spanId: string;
  isRoot: boolean;
}

export function FeedbackTab({ traceId, spanId, isRoot }: Props) {
  const { t } = useSpeech();
  const { data, error, refetch } = useQuery(assessmentsQuery(traceId));
  const judging = useJudging(traceId);
  const [edited, setEdited] = useState<string | null>(null);
  if (error && !data) return <Failure what={t.whatFeedback} error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows count={4} height={40} widths={[20, 60]} />;
  const own = data.filter((each) => each.spanId === spanId || each.spanId === null);
  const elsewhere = data.length - own.length;
  return (
    <ScrollPane>
      <ul className={styles.list}>
        {own.map((each) => (
          <li key={each.id} className={styles.item}>
            {edited === each.id ? (
              <FeedbackForm
                given={each}
                spanId={spanId}
                isRoot={isRoot}
                isBusy={judging.isPending}
                onCancel={() => setEdited(null)}
                onSave={(wanted) => judging.mutate(() => editAssessment(traceId, each.id, wanted), { onSuccess: () => setEdited(null) })}
              />
            ) : (
              <Judgement
                assessment={each}
                onEdit={() => setEdited(each.id)}
                onDelete={() => judging.mutate(() => deleteAssessment(traceId, each.id))}
              />
            )}
          </li>
        ))}
      </ul>
      {own.length === 0 && <p className={styles.none}>{t.noFeedback}</p>}
      {elsewhere > 0 && <p className={styles.none}>{t.feedbackElsewhere(elsewhere)}</p>}
      {judging.error && (
        <p className={styles.fault} role="alert">
          {judging.error.message || t.noAnswer}
        </p>
      )}
      <AddFeedback traceId={traceId} spanId={spanId} isRoot={isRoot} judging={judging} names={data.map(({ name }) => name)} />
    </ScrollPane>
  );
}

function AddFeedback({ traceId, spanId, isRoot, judging, names }: Props & { judging: ReturnType<typeof useJudging>; names: readonly string[] }) {
  const { data: who } = useQuery(sessionQuery);
  // A new form once one is kept.
  const [count, setCount] = useState(0);
  const save = (wanted: NewAssessment) =>
    judging.mutate(() => addAssessment(traceId, wanted, who?.has_session ? who.name : "page"), { onSuccess: () => setCount(count + 1) });
  return <FeedbackForm key={count} names={names} spanId={spanId} isRoot={isRoot} isBusy={judging.isPending} onSave={save} />;
}

function useJudging(traceId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: () => Promise<void>) => act(),
    onSuccess: () => client.invalidateQueries({ queryKey: assessmentsQuery(traceId).queryKey }),
  });
}

interface JudgementProps {
  assessment: Assessment;
  onEdit: () => void;
  onDelete: () => void;
}

function Judgement({ assessment, onEdit, onDelete }: JudgementProps) {
  const { t } = useSpeech();
  const nowMs = useNow(30_000);
  const [isAsked, setIsAsked] = useState(false);
  const { kind, name, value, comment, spanId, source, author, updatedNs } = assessment;
  const isYes = value === true;
  const verdict = typeof value === "boolean" ? (isYes ? t.yes : t.no) : shownValue(value);
  return (
    <>
      <div className={styles.line}>
        <span className={styles.name}>{name}</span>
        <span className={styles.value} data-verdict={typeof value === "boolean" ? String(value) : undefined}>
          {verdict}
        </span>
        <span className={styles.facts}>
          {kind === "expectation" && <span>{t.expectation}</span>}
          {spanId === null && <span>{t.ofTrace}</span>}
          <span>{[t.sources[source.type as keyof typeof t.sources], author ?? source.id].filter(Boolean).join(" · ")}</span>
          <Ago ns={updatedNs} nowMs={nowMs} />
        </span>
        <IconButton label={t.edit} onClick={onEdit}>
          <IconPencil size={15} stroke={1.6} />
        </IconButton>
        {isAsked ? (
          <button type="button" className={styles.really} onClick={onDelete} onBlur={() => setIsAsked(false)}>
            {t.reallyDelete}
          </button>
        ) : (
          <IconButton label={t.deleteIt} onClick={() => setIsAsked(true)}>
            <IconTrash size={15} stroke={1.6} />
          </IconButton>
        )}
      </div>
      {comment !== "" && <p className={styles.comment}>{comment}</p>}
    </>
  );
}
