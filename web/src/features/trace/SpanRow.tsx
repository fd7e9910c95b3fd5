// One span: its place in the tree at the left, its time at the right.
import { IconChevronRight, IconX } from "@tabler/icons-react";
import { hueOf, SpanIcon } from "@/components/SpanIcon";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { shortModel, spanLabel } from "@/model/modelName";
import { barOf, type TimeWindow } from "@/model/timeline";
import type { Span } from "@/model/trace";
import type { SpanNode } from "@/model/tree";
import styles from "./SpanTree.module.css";

interface Props {
  node: SpanNode;
  window: TimeWindow;
  marks: readonly { at: number; share: number }[];
  isSelected: boolean;
  isFolded: boolean;
  onSelect: (id: string) => void;
  onToggle: (id: string) => void;
}

const INDENT = 16;

export function SpanRow({ node, window, marks, isSelected, isFolded, onSelect, onToggle }: Props) {
  const { t } = useSpeech();
  const { span } = node;
  const isFailed = span.status === "ERROR";
  const isBranch = node.children.length > 0;
  return (
    <div
      role="treeitem"
      id={`span-${span.id}`}
      aria-level={node.depth + 1}
      aria-selected={isSelected}
      aria-expanded={isBranch ? !isFolded : undefined}
      className={cx(styles.row, isFailed && styles.failed)}
      onClick={() => onSelect(span.id)}
      onDoubleClick={() => isBranch && onToggle(span.id)}
    >
      <span className={styles.place}>
        <span className={styles.guides} style={{ width: node.depth * INDENT }} />
        {isBranch ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles.fold}
            aria-label={isFolded ? t.unfoldAll : t.foldAll}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(span.id);
            }}
          >
            <IconChevronRight size={14} stroke={1.8} className={cx(styles.chevron, !isFolded && styles.open)} />
          </button>
        ) : (
          <span className={styles.fold} />
        )}
        <SpanIcon kind={span.kind} type={span.type} />
        <span className={styles.name} data-tip={span.name}>
          {spanLabel(span.name, span.model)}
          {span.model !== null && <span className={styles.model}>{shortModel(span.model)}</span>}
        </span>
        {isFailed && (
          <span className={styles.fault} data-tip={span.error?.message}>
            <IconX size={14} stroke={2.4} aria-label={t.error} />
          </span>
        )}
      </span>
      <Track span={span} window={window} marks={marks} />
      <span className={styles.duration}>{formatDuration(span.durationNs)}</span>
    </div>
  );
}

function Track({ span, window, marks }: { span: Span } & Pick<Props, "window" | "marks">) {
  const { t } = useSpeech();
  const bar = barOf(span, window);
  const hue = span.status === "ERROR" ? "var(--red)" : hueOf(span.kind);
  const words = [formatDuration(span.durationNs)];
  if (span.firstTokenNs !== null) words.push(`${t.firstToken} ${formatDuration(span.firstTokenNs)}`);
  return (
    <span className={styles.track}>
      {marks.map(({ at, share }) => (
        <span key={at} className={styles.mark} style={{ left: `${share * 100}%` }} />
      ))}
      <span
        className={styles.bar}
        data-tip={words.join("\n")}
        style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%`, color: hue }}
      >
        {bar.notch === null ? (
          <span className={styles.solid} />
        ) : (
          <>
            <span className={styles.wait} style={{ width: `${bar.notch * 100}%` }} />
            <span className={styles.notch} />
            <span className={styles.solid} />
          </>
        )}
      </span>
    </span>
  );
}
