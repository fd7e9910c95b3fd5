// What can be done with the tree: find, step from match to match, fold all, and show where the time went.
import { IconChevronDown, IconChevronUp, IconFold, IconFoldDown, IconRoute2, IconSearch, IconX } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode, RefObject } from "react";
import { IconButton } from "@/components/IconButton";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { SpanNode } from "@/model/tree";
import styles from "./TreeBar.module.css";
import type { FoldingState } from "./useFolding";
import type { TreeSearch } from "./useTreeSearch";

interface Props {
  search: TreeSearch;
  field: RefObject<HTMLInputElement | null>;
  current: SpanNode | undefined;
  onStep: (direction: 1 | -1) => void;
  folding: FoldingState;
  critical: { isOn: boolean; onToggle: () => void } | null;
  children?: ReactNode;
}

export function TreeBar({ search, field, current, onStep, folding, critical, children }: Props) {
  const { t } = useSpeech();
  return (
    <div className={styles.bar} role="toolbar" aria-label={t.spans}>
      <Finder search={search} field={field} current={current} onStep={onStep} />
      {critical && (
        <IconButton label={t.criticalPath} data-tip={`${t.criticalPath}\n${t.criticalPathHover}`} aria-pressed={critical.isOn} className={styles.tool} onClick={critical.onToggle}>
          <IconRoute2 size={16} stroke={1.6} />
        </IconButton>
      )}
      {folding.hasFolded !== null && (
        <IconButton label={folding.hasFolded ? t.expandAll : t.collapseAll} className={styles.tool} onClick={folding.hasFolded ? folding.openAll : folding.closeAll}>
          {folding.hasFolded ? <IconFoldDown size={16} stroke={1.6} /> : <IconFold size={16} stroke={1.6} />}
        </IconButton>
      )}
      {children}
    </div>
  );
}

function Finder({ search, field, current, onStep }: Pick<Props, "search" | "field" | "current" | "onStep">) {
  const { t, language } = useSpeech();
  const { words, matches } = search;
  const at = current ? matches.indexOf(current) : -1;
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") onStep(event.key === "ArrowUp" ? -1 : 1);
    else if (event.key === "Escape") {
      search.setWords("");
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const count = (n: number) => formatCount(n, language);
  return (
    <div className={styles.finder} role="search">
      <IconSearch size={15} stroke={1.6} aria-hidden className={styles.lens} />
      <input
        ref={field}
        type="text"
        value={words}
        spellCheck={false}
        placeholder={t.findSpansHint}
        aria-label={t.findSpans}
        onChange={(event) => search.setWords(event.target.value)}
        onKeyDown={press}
      />
      {words !== "" && (
        <>
          <span className={styles.count} role="status">
            {matches.length === 0 ? t.noSpanMatches : at < 0 ? count(matches.length) : t.matchOf(count(at + 1), count(matches.length))}
          </span>
          <IconButton label={t.previousMatch} className={styles.small} disabled={matches.length === 0} onClick={() => onStep(-1)}>
            <IconChevronUp size={15} stroke={1.7} />
          </IconButton>
          <IconButton label={t.nextMatch} className={styles.small} disabled={matches.length === 0} onClick={() => onStep(1)}>
            <IconChevronDown size={15} stroke={1.7} />
          </IconButton>
          <IconButton label={t.clearSearch} className={styles.small} onClick={() => search.setWords("")}>
            <IconX size={14} stroke={1.7} />
          </IconButton>
        </>
      )}
    </div>
  );
}
