// Texts and their vectors: how long, and of which shape, rather than a wall of numbers.
import { useState } from "react";
import { CopyButton } from "@/components/CopyButton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { norm, outlineOf, type Embedded } from "@/model/vectors";
import styles from "./Chat.module.css";
import { Line } from "./Line";

const AT_ONCE = 50;
const BARS = 48;
const HEIGHT = 20;

export function EmbeddingView({ embeddings }: { embeddings: readonly Embedded[] }) {
  const { t, language } = useSpeech();
  const [limit, setLimit] = useState(AT_ONCE);
  const hidden = embeddings.length - limit;
  return (
    <Line role={t.vectors} isPlainRole>
      <table className={styles.ranked}>
        <thead>
          <tr>
            <th>{t.embeddedText}</th>
            <th>{t.vectorShape}</th>
            <th className={styles.number}>{t.dimensions}</th>
            <th className={styles.number}>{t.norm}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {embeddings.slice(0, limit).map(({ text, vector, form }, i) => (
            <tr key={i}>
              <td>{text === null ? <span className={styles.faint}>{t.notText}</span> : <span className={styles.embedded}>{text}</span>}</td>
              <td><Shape vector={vector} /></td>
              <td className={styles.number}>{formatCount(vector.length, language)}{form !== null && <span className={styles.faint}> {form}</span>}</td>
              <td className={styles.number}>{norm(vector).toPrecision(4)}</td>
              <td><CopyButton text={() => JSON.stringify(vector)} label={t.copyVector} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <button type="button" className={styles.open} onClick={() => setLimit(limit + AT_ONCE * 4)}>
          {t.showMore(formatCount(hidden, language))}
        </button>
      )}
    </Line>
  );
}

function Shape({ vector }: { vector: readonly number[] }) {
  return (
    <svg className={styles.vector} width={BARS * 2} height={HEIGHT} aria-hidden>
      {outlineOf(vector, BARS).map((size, i) => (
        <rect key={i} x={i * 2} width={1.4} y={HEIGHT / 2 - Math.max(size, 0) * (HEIGHT / 2)} height={Math.max(Math.abs(size) * (HEIGHT / 2), 0.5)} />
      ))}
    </svg>
  );
}
