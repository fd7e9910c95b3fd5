// One span: its place in the tree at the left, its time at the right.
import { IconChevronRight, IconX } from "@tabler/icons-react";
import { memo } from "react";
import { hueOf, SpanIcon } from "@/components/SpanIcon";
import { cx } from "@/lib/cx";
import { formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { Segment } from "@/model/criticalPath";
import { shortModel, spanLabel } from "@/model/modelName";
import type { TimeWindow } from "@/model/timeline";
import type { SpanNode } from "@/model/tree";
import styles from "./SpanTree.module.css";
import type { Mark } from "./TimeAxis";
import { Track } from "./Track";

interface Props {
  node: SpanNode;
  window: TimeWindow;
  /** From the trace's start to the window's. */
  offsetNs: number;
  marks: readonly Mark[];
  path: readonly Segment[];
  isSelected: boolean;
  isFolded: boolean;
  /** Everything below has come, so that it can be counted. */
  isCounted: boolean;
  isMatch: boolean;
  onSelect: (id: string) => void;
  onToggle: (id: string) => void;
}

const INDENT = 16;

export const SpanRow = memo(function SpanRow({ node, window, offsetNs, marks, path, isSelected, isFolded, isCounted, isMatch, onSelect, onToggle }: Props) {
  const { t } = useSpeech();
  const { span } = node;
  const isFailed = span.status === "ERROR";
  const isBranch = node.below > 0;
  return (
    <div
      role="treeitem"
      id={`span-${span.id}`}
      aria-level={node.depth + 1}
      aria-selected={isSelected}
      aria-expanded={isBranch ? !isFolded : undefined}
      className={cx(styles.row, isFailed && styles.failed)}
      data-off={path.length === 0 || undefined}
      onClick={() => onSelect(span.id)}
    >
      <span className={styles.place} onDoubleClick={() => isBranch && onToggle(span.id)}>
        <span className={styles.guides} style={{ width: node.depth * INDENT }} />
        {isBranch ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles.fold}
            aria-label={isFolded ? t.unfoldSpan : t.foldSpan}
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
          {isMatch ? <mark>{spanLabel(span.name, span.model)}</mark> : spanLabel(span.name, span.model)}
          {span.model !== null && <span className={styles.model}>{shortModel(span.model)}</span>}
        </span>
        {isFailed && (
          <span className={styles.fault} data-tip={[span.error?.type, span.error?.message].filter(Boolean).join("\n")}>
            <IconX size={14} stroke={2.4} aria-label={t.error} />
          </span>
        )}
        {isFolded && isCounted && <Hidden node={node} />}
      </span>
      <Track node={node} window={window} offsetNs={offsetNs} marks={marks} path={path} hue={isFailed ? "var(--red)" : hueOf(span.kind)} />
      <span className={styles.duration}>{formatDuration(span.durationNs)}</span>
    </div>
  );
});

/** How much is folded away in a span, and how much of that failed: what is folded must not hide an error. */
function Hidden({ node }: { node: SpanNode }) {
  const { t, language } = useSpeech();
  const count = (n: number) => formatCount(n, language);
  return (
    <span className={styles.hidden}>
      {node.errorsBelow > 0 && (
        <span className={styles.hiddenErrors} data-tip={t.failedBelow(node.errorsBelow, count(node.errorsBelow))} aria-label={t.failedBelow(node.errorsBelow, count(node.errorsBelow))}>
          <IconX size={12} stroke={2.6} aria-hidden />
          {count(node.errorsBelow)}
        </span>
      )}
      <span data-tip={t.hiddenBelow(count(node.below))} aria-label={t.hiddenBelow(count(node.below))}>+{count(node.below)}</span>
    </span>
  );
}
