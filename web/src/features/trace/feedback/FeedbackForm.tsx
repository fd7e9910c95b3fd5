// The form of a judgement: of what, under which name, yes or no or another value, and why.
import { useId, useState, type SyntheticEvent } from "react";
import { useSpeech } from "@/lib/i18n/language";
import { shownValue, typedValue, type Assessment, type NewAssessment } from "@/model/assessment";
import styles from "./Feedback.module.css";

interface Props {
  /** What is edited; else it is a new one. */
  given?: Assessment;
  /** Names that were used before. */
  names?: readonly string[];
  spanId: string;
  isRoot: boolean;
  isBusy: boolean;
  onSave: (wanted: NewAssessment) => void;
  onCancel?: () => void;
}

export function FeedbackForm({ given, names = [], spanId, isRoot, isBusy, onSave, onCancel }: Props) {
  const { t } = useSpeech();
  const id = useId();
  const [kind, setKind] = useState(given?.kind ?? "feedback");
  // Of the first span one most often means the whole.
  const [isOfTrace, setIsOfTrace] = useState(given ? given.spanId === null : isRoot);
  const [name, setName] = useState(given?.name ?? "");
  const [text, setText] = useState(given ? shownValue(given.value) : "");
  const [comment, setComment] = useState(given?.comment ?? "");
  const isReady = name.trim() !== "" && text.trim() !== "" && !isBusy;
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    if (isReady) onSave({ kind, name: name.trim(), value: typedValue(text), comment, spanId: isOfTrace ? null : spanId });
  };
  return (
    <form className={styles.form} onSubmit={save} aria-label={given ? t.edit : t.addFeedback}>
      {!given && (
        <div className={styles.choices}>
          <Choice label={t.kindOfFeedback} value={kind} options={{ feedback: t.feedback, expectation: t.expectation }} onChange={(each) => setKind(each)} />
          <Choice
            label={t.feedbackOf}
            value={isOfTrace ? "trace" : "span"}
            options={{ span: t.thisSpan, trace: t.theTrace }}
            onChange={(value) => setIsOfTrace(value === "trace")}
          />
        </div>
      )}
      <div className={styles.fields}>
        <input
          className={styles.input}
          aria-label={t.name}
          placeholder={kind === "feedback" ? t.feedbackName : t.expectationName}
          list={`${id}-names`}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <datalist id={`${id}-names`}>
          {[...new Set(names)].map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        {kind === "feedback" && (
          <Choice label={t.verdict} value={text} options={{ true: t.yes, false: t.no }} onChange={setText} />
        )}
        <input
          className={styles.input}
          aria-label={t.value}
          placeholder={kind === "feedback" ? t.orAValue : t.expectedAnswer}
          value={text === "true" || text === "false" ? "" : text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <textarea
        className={styles.text}
        aria-label={t.comment}
        placeholder={t.comment}
        rows={2}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <div className={styles.actions}>
        <button type="submit" className={styles.save} disabled={!isReady}>
          {t.save}
        </button>
        {onCancel && (
          <button type="button" className={styles.cancel} onClick={onCancel}>
            {t.cancel}
          </button>
        )}
      </div>
    </form>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: string;
  options: Readonly<Record<T, string>>;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <div className={styles.choice} role="radiogroup" aria-label={label}>
      {(Object.entries(options) as [T, string][]).map(([each, words]) => (
        <button key={each} type="button" role="radio" aria-checked={value === each} onClick={() => onChange(each)}>
          {words}
        </button>
      ))}
    </div>
  );
}
