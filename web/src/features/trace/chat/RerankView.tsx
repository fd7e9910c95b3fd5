// A reranker's answer: the documents in their new order, with score and where they stood before.
import { JsonTree } from "@/components/JsonTree";
import { Markdown } from "@/components/Markdown";
import { useSpeech } from "@/lib/i18n/language";
import type { Reranked } from "@/model/vectors";
import styles from "./Chat.module.css";
import { Line } from "./Line";

export function RerankView({ rerank }: { rerank: Reranked }) {
  const { t } = useSpeech();
  const { query, ranked, sent } = rerank;
  const most = Math.max(...ranked.map(({ score }) => score), Number.MIN_VALUE);
  return (
    <>
      {query !== null && (
        <Line role={t.query} isPlainRole>
          <Markdown text={query} />
        </Line>
      )}
      <Line role={t.ranked} isPlainRole isAnswer>
        <p className={styles.faint}>{t.rankedOf(ranked.length, Math.max(sent, ranked.length))}</p>
        <table className={styles.ranked}>
          <thead>
            <tr>
              <th>{t.rank}</th>
              <th>{t.score}</th>
              <th>{t.documentColumn}</th>
              <th className={styles.number}>{t.sentAt}</th>
            </tr>
          </thead>
          <tbody>
            {ranked.map(({ index, score, text, document }, rank) => (
              <tr key={rank}>
                <td>{rank + 1}</td>
                <td>
                  <span className={styles.score}>
                    {score.toPrecision(3)}
                    <span className={styles.scoreBar} aria-hidden>
                      <span style={{ width: `${Math.max(score / most, 0) * 100}%` }} />
                    </span>
                  </span>
                </td>
                <td>{text ?? <JsonTree value={document ?? null} />}</td>
                <td className={styles.number}>{index + 1}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Line>
    </>
  );
}
