// A streamed answer: how it ended, the strip of chunks, the text as it grew, and the chunks one by one or by runs.
import { useMemo, useRef, useState } from "react";
import { CopyButton } from "@/components/CopyButton";
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { keepChoice, readChoice } from "@/lib/storage";
import { chunkRuns, StreamText, tokenRate, type StripEvent } from "@/model/playback";
import { arrival, outcomeWord, type MergedBlock, type Stream } from "@/model/stream";
import type { Span } from "@/model/trace";
import { ChunkTable } from "./ChunkTable";
import styles from "./Events.module.css";
import { Player } from "./Player";
import { RunTable } from "./RunTable";
import { StripChart } from "./StripChart";
import { usePlayback, type Playback } from "./usePlayback";

interface Props {
  stream: Stream;
  span: Span;
  events: readonly StripEvent[];
  chunk: number | undefined;
  onChunk: (index: number) => void;
}

export function StreamView({ stream, span, events, chunk, onChunk }: Props) {
  const { t, language } = useSpeech();
  const { chunks } = stream;
  const arrived = useMemo(() => arrival(chunks), [chunks]);
  const text = useMemo(() => new StreamText(chunks), [chunks]);
  const lengthNs = Math.max(span.durationNs, chunks.at(-1)?.offsetNs ?? 0, 1);
  const played = usePlayback(lengthNs);
  const { atNs } = played;
  const box = useRef<HTMLDivElement>(null);
  // The text keeps its room while it grows: what stands below must not move.
  const hold = () => {
    if (atNs === null && box.current) box.current.style.minHeight = `${box.current.offsetHeight}px`;
  };
  const playback: Playback = {
    ...played,
    play: () => {
      hold();
      played.play();
    },
    seek: (ns) => {
      hold();
      played.seek(ns);
    },
  };
  const count = atNs === null ? chunks.length : text.countAt(atNs);
  const blocks = atNs === null ? text.whole : text.after(count);
  const firstTokenNs = span.firstTokenNs ?? arrived.firstTokenNs;
  const rate = tokenRate(chunks, span.usage?.output ?? null);
  const word = outcomeWord(stream);
  return (
    <>
      <section className={styles.stream} aria-label={t.stream}>
        <p className={styles.summary}>
          <span className={cx(styles.outcome, stream.outcome === "error" && styles.red)}>
            {word === null ? `${stream.outcome} · ${stream.endReason}` : t.outcomes[word]}
          </span>
          <span>{t.chunks(formatCount(chunks.length, language))}</span>
          {firstTokenNs !== null && <span>{t.firstToken} <b>{formatDuration(firstTokenNs)}</b></span>}
          {rate !== null && <span data-tip={t.tokenRateHover}>{t.tokenRate(formatCount(Math.round(rate * 10) / 10, language))}</span>}
          {chunks.length > 1 && (
            <>
              <span>{t.medianGap} {formatDuration(arrived.medianGapNs)}</span>
              <span>{t.longestGap} {formatDuration(arrived.longestGapNs)}</span>
            </>
          )}
          {arrived.stalls > 0 && <span className={styles.amber}>{t.stalls(arrived.stalls)}</span>}
        </p>
        {chunks.length > 0 && (
          <>
            <StripChart
              arrived={arrived}
              events={events}
              firstTokenNs={firstTokenNs}
              lengthNs={lengthNs}
              chunk={chunk}
              onChunk={onChunk}
              atNs={atNs}
              onSeek={playback.seek}
            />
            <Player playback={playback} lengthNs={lengthNs} />
          </>
        )}
        {text.whole.length > 0 && (
          <div ref={box} className={styles.merged} aria-label={t.mergedText} role="region">
            {blocks.map((block, i) => (
              <Block key={i} block={block} isGrowing={atNs !== null && i === blocks.length - 1} />
            ))}
            {blocks.length === 0 && <p className={styles.nothingYet}>{t.nothingYet}</p>}
          </div>
        )}
      </section>
      {chunks.length > 0 && <Chunks arrived={arrived} shown={count} chunk={chunk} onChunk={onChunk} />}
    </>
  );
}

const FORM = "chunks";

function Chunks({ arrived, shown, chunk, onChunk }: { arrived: ReturnType<typeof arrival>; shown: number; chunk: number | undefined; onChunk: (index: number) => void }) {
  const { t } = useSpeech();
  const [form, setForm] = useState(() => (readChoice(FORM) === "merged" ? "merged" : "single"));
  const runs = useMemo(() => chunkRuns(arrived.rows), [arrived]);
  const forms = [
    ["single", t.singleChunks],
    ["merged", t.mergedChunks],
  ] as const;
  return (
    <>
      <div className={styles.forms} role="radiogroup" aria-label={t.chunkForm}>
        {forms.map(([name, words]) => (
          <button
            key={name}
            type="button"
            role="radio"
            aria-checked={form === name}
            onClick={() => {
              keepChoice(FORM, name);
              setForm(name);
            }}
          >
            {words}
          </button>
        ))}
      </div>
      {form === "merged" ? <RunTable runs={runs} /> : <ChunkTable rows={arrived.rows} shown={shown} chunk={chunk} onChunk={onChunk} />}
    </>
  );
}

function Block({ block, isGrowing }: { block: MergedBlock; isGrowing: boolean }) {
  const { t } = useSpeech();
  const words = { text: null, reasoning: t.reasoning, tool_input: t.arguments }[block.kind];
  return (
    <div className={styles.block}>
      {words !== null && <div className={styles.blockKind}>{words}</div>}
      <div className={cx(styles.blockText, block.kind === "reasoning" && styles.quiet, block.kind === "tool_input" && styles.code)}>
        {block.text}
        {isGrowing && <span className={styles.caret} aria-hidden />}
      </div>
      <CopyButton text={block.text} className={styles.copyBlock} />
    </div>
  );
}
