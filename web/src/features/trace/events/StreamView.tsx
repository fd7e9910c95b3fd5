// A streamed answer: how it ended, the strip of chunks, the merged text, and the chunks one by one.
import { useMemo } from "react";
import { Fold } from "@/components/Fold";
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { arrival, mergeBlocks, outcomeWord, type MergedBlock, type Stream } from "@/model/stream";
import type { Span } from "@/model/trace";
import { ChunkTable } from "./ChunkTable";
import styles from "./Events.module.css";
import { StripChart } from "./StripChart";

interface Props {
  stream: Stream;
  span: Span;
  chunk: number | undefined;
  onChunk: (index: number) => void;
}

export function StreamView({ stream, span, chunk, onChunk }: Props) {
  const { t, language } = useSpeech();
  const arrived = useMemo(() => arrival(stream.chunks), [stream]);
  const blocks = useMemo(() => mergeBlocks(stream.chunks), [stream]);
  const word = outcomeWord(stream);
  return (
    <>
      <section className={styles.stream} aria-label={t.stream}>
        <p className={styles.summary}>
          <span className={cx(styles.outcome, stream.outcome === "error" && styles.red)}>
            {word === null ? `${stream.outcome} · ${stream.endReason}` : t.outcomes[word]}
          </span>
          <span>{t.chunks(formatCount(stream.chunks.length, language))}</span>
          {stream.chunks.length > 1 && (
            <>
              <span>{t.medianGap} {formatDuration(arrived.medianGapNs)}</span>
              <span>{t.longestGap} {formatDuration(arrived.longestGapNs)}</span>
            </>
          )}
          {arrived.stalls > 0 && <span className={styles.amber}>{t.stalls(arrived.stalls)}</span>}
        </p>
        {stream.chunks.length > 0 && (
          <StripChart
            arrived={arrived}
            firstTokenNs={span.firstTokenNs ?? arrived.firstTokenNs}
            lengthNs={span.durationNs}
            chunk={chunk}
            onChunk={onChunk}
          />
        )}
        {blocks.length > 0 && (
          <Fold label={t.mergedText} isOpenAtFirst className={styles.merged}>
            {blocks.map((block, i) => (
              <Block key={i} block={block} />
            ))}
          </Fold>
        )}
      </section>
      {stream.chunks.length > 0 && <ChunkTable rows={arrived.rows} chunk={chunk} onChunk={onChunk} />}
    </>
  );
}

function Block({ block }: { block: MergedBlock }) {
  const { t } = useSpeech();
  const words = { text: null, reasoning: t.reasoning, tool_input: t.arguments }[block.kind];
  return (
    <div className={styles.block}>
      {words !== null && <div className={styles.blockKind}>{words}</div>}
      <div className={cx(styles.blockText, block.kind === "reasoning" && styles.quiet, block.kind === "tool_input" && styles.code)}>{block.text}</div>
    </div>
  );
}
