// What is done with the rows that are chosen; it takes the place of the line above the list, so that nothing moves.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconDownload, IconGitCompare, IconTag, IconTrash, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { sessionQuery } from "@/api/queries";
import { exportTraces } from "@/api/several";
import { IconButton } from "@/components/IconButton";
import { MenuButton } from "@/components/MenuButton";
import { cx } from "@/lib/cx";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { MOST_COMPARED } from "@/model/compareItems";
import { DeleteDialog } from "./DeleteDialog";
import { exportEntries } from "./exportEntries";
import styles from "./ListHead.module.css";
import { TagDialog } from "./TagDialog";
import { useSaving } from "./useSaving";

interface Props {
  /** In the order of the list. */
  ids: readonly string[];
  experiment: string | undefined;
  onClear: () => void;
  onDeleted: (ids: readonly string[]) => void;
  onTagged: () => void;
}

export function ChosenBar({ ids, experiment, onClear, onDeleted, onTagged }: Props) {
  const { t, language } = useSpeech();
  const { data: session } = useQuery(sessionQuery);
  const [asking, setAsking] = useState<"tag" | "delete" | null>(null);
  const [said, setSaid] = useState("");
  const saving = useSaving();
  const canCompare = ids.length >= 2 && ids.length <= MOST_COMPARED;
  const search = { items: ids.slice(0, MOST_COMPARED).join(","), ...(experiment !== undefined && { experiment }) };
  return (
    <header className={styles.head}>
      <IconButton label={t.clearChosen} onClick={onClear}>
        <IconX size={15} stroke={1.7} />
      </IconButton>
      <span className={styles.chosen} role="status">
        {t.chosenCount(ids.length, formatCount(ids.length, language))}
      </span>
      <div className={styles.tools}>
        {canCompare ? (
          <Link to="/compare" search={search} className={styles.button} aria-label={t.compare}>
            <IconGitCompare size={15} stroke={1.6} aria-hidden />
            <span className={styles.word}>{t.compare}</span>
          </Link>
        ) : (
          <button type="button" className={styles.button} disabled aria-label={t.compare} data-tip={t.compareWhy(MOST_COMPARED)}>
            <IconGitCompare size={15} stroke={1.6} aria-hidden />
            <span className={styles.word}>{t.compare}</span>
          </button>
        )}
        <button type="button" className={styles.button} aria-label={t.setTag} onClick={() => setAsking("tag")}>
          <IconTag size={15} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.tagWord}</span>
        </button>
        <MenuButton
          position="bottom-start"
          button={
            <button type="button" className={styles.button} disabled={saving.isBusy} aria-label={t.exportChosen}>
              <IconDownload size={15} stroke={1.6} aria-hidden />
              <span className={styles.word}>{saving.isBusy ? t.exporting : t.exportWord}</span>
            </button>
          }
          entries={exportEntries(t, (format) => saving.save(format, () => exportTraces(format, ids)))}
        />
        {/* What only an admin may do is offered to nobody else. */}
        {session?.role === "admin" && (
          <button type="button" className={styles.danger} aria-label={t.deleteIt} onClick={() => setAsking("delete")}>
            <IconTrash size={15} stroke={1.6} aria-hidden />
            <span className={styles.word}>{t.deleteIt}</span>
          </button>
        )}
      </div>
      <span className={cx(styles.count, saving.error ? styles.lost : styles.said)} role="status">
        {saving.error ? saving.error.message || t.noAnswer : said}
      </span>
      <TagDialog
        ids={ids}
        isOpen={asking === "tag"}
        isAdmin={session?.role === "admin"}
        onClose={() => setAsking(null)}
        onDone={(words) => {
          setAsking(null);
          setSaid(words);
          onTagged();
        }}
      />
      <DeleteDialog ids={ids} isOpen={asking === "delete"} onClose={() => setAsking(null)} onDeleted={onDeleted} />
    </header>
  );
}
