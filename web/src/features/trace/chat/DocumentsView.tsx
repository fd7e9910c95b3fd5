// What was looked for, and the documents that were found: each with its score, its words, and what else is said of it.
import { JsonTree } from "@/components/JsonTree";
import { cx } from "@/lib/cx";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { FoundDocument } from "@/model/documents";
import styles from "./Chat.module.css";
import { Line } from "./Line";
import { Value } from "./PlainChat";

interface Props {
  inputs: unknown;
  documents: readonly FoundDocument[];
  /** They were put into an order instead of found. */
  isRanking: boolean;
}

export function DocumentsView({ inputs, documents, isRanking }: Props) {
  const { t, language } = useSpeech();
  const hasScores = documents.some(({ score }) => score !== null);
  return (
    <>
      <Line role={t.query} isPlainRole>
        <Value value={inputs} />
      </Line>
      <Line role={isRanking ? t.ranked : t.retrieved} isPlainRole isAnswer>
        <p className={styles.faint}>{t.documentCount(documents.length, formatCount(documents.length, language))}</p>
        <table className={cx(styles.ranked, styles.found)}>
          <thead>
            <tr>
              <th>{t.rank}</th>
              {hasScores && <th>{t.score}</th>}
              <th>{t.documentColumn}</th>
            </tr>
          </thead>
          <tbody>
            {documents.map(({ text, id, score, rest }, rank) => (
              <tr key={rank}>
                <td>{rank + 1}</td>
                {hasScores && <td>{score?.toPrecision(3)}</td>}
                <td>
                  {id !== null && <code className={styles.faint}>{id}</code>}
                  <span className={styles.foundText}>{text}</span>
                  {Object.keys(rest).length > 0 && <JsonTree value={rest} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Line>
    </>
  );
}
