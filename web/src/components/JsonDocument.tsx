// Whole payloads as JSON: a folding tree or the raw text, with words found in either. Rows are virtual and come from a
// desk, which may be a worker's: size does not matter.
import { IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { useEffect, useId, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from "react";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import type { JsonDesk } from "@/model/jsonDesk";
import type { ViewerState } from "@/model/jsonViewer";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";
import styles from "./JsonDocument.module.css";
import { RawRows, TreeRows } from "./JsonRows";

interface Props {
  title: string;
  /** What copied paths begin with, such as `inputs`. */
  root: string;
  /** Null where nothing was captured. */
  desk: JsonDesk | null;
  /** Beside the title: how much of it this is. */
  note?: ReactNode;
}

export function JsonDocument({ title, root, desk, note }: Props) {
  const { t } = useSpeech();
  const id = useId();
  return (
    <section className={styles.document} aria-labelledby={id}>
      {desk ? <OpenDocument id={id} title={title} root={root} desk={desk} note={note} /> : (
        <>
          <header className={styles.head}>
            <h3 id={id}>{title}</h3>
          </header>
          {note}
          <p className={styles.empty}>{t.nothingCaptured}</p>
        </>
      )}
    </section>
  );
}

function OpenDocument({ id, title, root, desk, note }: Props & { id: string; desk: JsonDesk }) {
  const { t } = useSpeech();
  const state = useSyncExternalStore(desk.subscribe, desk.state);
  const isRaw = state.mode === "raw";
  return (
    <>
      <header className={styles.head}>
        <h3 id={id}>{title}</h3>
        <div className={styles.tools}>
          <Finder desk={desk} state={state} title={title} />
          {!isRaw && (
            <>
              <button type="button" onClick={() => desk.act({ kind: "openAll" })}>{t.unfoldAll}</button>
              <button type="button" onClick={() => desk.act({ kind: "closeAll" })}>{t.foldAll}</button>
            </>
          )}
          {state.isJson && (
            <button type="button" aria-pressed={isRaw} onClick={() => desk.act({ kind: "mode", mode: isRaw ? "tree" : "raw" })}>
              {t.raw}
            </button>
          )}
          <CopyButton text={() => desk.all()} label={`${t.copy}: ${title}`} />
        </div>
      </header>
      {note}
      {isRaw ? <RawRows desk={desk} state={state} /> : <TreeRows desk={desk} state={state} root={root} />}
    </>
  );
}

const PAUSE_MS = 200;

function Finder({ desk, state, title }: { desk: JsonDesk; state: ViewerState; title: string }) {
  const { t, language } = useSpeech();
  const [word, setWord] = useState(state.word);
  useEffect(() => {
    if (word === state.word) return;
    const timer = setTimeout(() => desk.act({ kind: "find", word }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [desk, word, state.word]);
  const step = (direction: 1 | -1) => {
    if (word !== state.word) desk.act({ kind: "find", word });
    desk.act({ kind: "step", direction });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") setWord("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const count = (n: number) => formatCount(n, language);
  const all = `${count(state.hits)}${state.areMoreHits ? "+" : ""}`;
  return (
    <div className={styles.finder} role="search">
      <input type="text" value={word} spellCheck={false} placeholder={t.findInside} aria-label={`${t.findInside}: ${title}`} onChange={(event) => setWord(event.target.value)} onKeyDown={press} />
      {word !== "" && (
        <>
          <span role="status" className={styles.count}>
            {state.hits === 0 ? t.noSpanMatches : state.hit < 0 ? all : t.matchOf(count(state.hit + 1), all)}
          </span>
          <IconButton label={t.previousMatch} className={styles.small} onClick={() => step(-1)}>
            <IconChevronUp size={14} stroke={1.7} />
          </IconButton>
          <IconButton label={t.nextMatch} className={styles.small} onClick={() => step(1)}>
            <IconChevronDown size={14} stroke={1.7} />
          </IconButton>
          <IconButton label={t.clearSearch} className={styles.small} onClick={() => setWord("")}>
            <IconX size={13} stroke={1.7} />
          </IconButton>
        </>
      )}
    </div>
  );
}
