// Two texts beside each other: what the second lacks is struck in the first, what it has more is marked in it.
import { useMemo, useState } from "react";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { diffTexts, shownSide, type DiffPiece } from "@/model/textDiff";
import styles from "./TextDiff.module.css";

interface Props {
  name: string;
  before: string;
  after: string;
}

export function TextDiff({ name, before, after }: Props) {
  const { t } = useSpeech();
  const pieces = useMemo(() => diffTexts(before, after), [before, after]);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const open = (of: number) => setOpened(new Set([...opened, of]));
  const isSame = before === after;
  return (
    <section className={styles.part} aria-label={name}>
      <h3 className={styles.name}>
        {name}
        {isSame && <span className={styles.same}>{t.noDifference}</span>}
      </h3>
      {isSame ? (
        <Side pieces={pieces} side="removed" opened={opened} onOpen={open} />
      ) : (
        <div className={styles.sides}>
          <Side pieces={pieces} side="removed" opened={opened} onOpen={open} isEmpty={before === ""} />
          <Side pieces={pieces} side="added" opened={opened} onOpen={open} isEmpty={after === ""} />
        </div>
      )}
    </section>
  );
}

interface SideProps {
  pieces: readonly DiffPiece[];
  side: "removed" | "added";
  opened: ReadonlySet<number>;
  onOpen: (of: number) => void;
  isEmpty?: boolean;
}

function Side({ pieces, side, opened, onOpen, isEmpty = false }: SideProps) {
  const { t, language } = useSpeech();
  if (isEmpty) return <p className={styles.none}>{t.nothingHere}</p>;
  return (
    <p className={styles.side} dir="auto">
      {shownSide(pieces, side, opened).map(({ kind, text, hidden, of }, i) => (
        <span key={i}>
          {kind === "removed" ? <del>{text}</del> : kind === "added" ? <ins>{text}</ins> : text}
          {hidden > 0 && (
            <button type="button" className={styles.fold} onClick={() => onOpen(of)}>
              {t.hiddenSigns(hidden, formatCount(hidden, language))}
            </button>
          )}
        </span>
      ))}
    </p>
  );
}
