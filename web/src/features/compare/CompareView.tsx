// Traces or spans side by side: figures and parameters of all, and the words of the first against another one's.
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IconLink } from "@tabler/icons-react";
import { useMemo } from "react";
import { CopyButton } from "@/components/CopyButton";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { ScrollPane } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { useTitle } from "@/lib/useTitle";
import { defined, type CompareSearch } from "@/model/address";
import { readItems, writeItems, type CompareItem } from "@/model/compareItems";
import { AddItem } from "./AddItem";
import styles from "./Compare.module.css";
import { Figures } from "./Figures";
import { Places } from "./Places";
import { useCompared } from "./useCompared";
import { WordDiffs } from "./WordDiffs";

const route = getRouteApi("/compare");

export type Go = (change: { [Key in keyof CompareSearch]?: CompareSearch[Key] | undefined }) => void;

export function CompareView() {
  const { t } = useSpeech();
  const search = route.useSearch();
  const navigate = useNavigate();
  const items = useMemo(() => readItems(search.items), [search.items]);
  const go: Go = (change) => void navigate({ to: "/compare", search: (before) => defined<CompareSearch>({ ...before, ...change }), replace: true });
  // Another set of them has other places.
  const put = (next: readonly CompareItem[]) => go({ items: writeItems(next), place: undefined, other: undefined });
  useTitle(t.compare);
  return (
    <>
      <header className={styles.head}>
        <h1 className={styles.title}>{t.compare}</h1>
        <AddItem items={items} onAdd={(item) => put([...items, item])} />
        <CopyButton text={() => window.location.href} label={t.copyLink} icon={<IconLink size={16} stroke={1.6} />} />
      </header>
      {items.length === 0 ? <p className={styles.empty}>{t.compareEmpty}</p> : <Compared items={items} search={search} go={go} put={put} />}
    </>
  );
}

interface Props {
  items: readonly CompareItem[];
  search: CompareSearch;
  go: Go;
  put: (items: readonly CompareItem[]) => void;
}

function Compared({ items, search, go, put }: Props) {
  const { t } = useSpeech();
  const compared = useCompared(items, search.place);
  if (compared.error) return <Failure what={t.whatCompared} error={compared.error} onRetry={compared.retry} />;
  const { columns } = compared;
  if (columns === null) return <SkeletonRows count={10} height={32} widths={[14, 24, 24]} />;
  const other = Math.min(Math.max(search.other ?? 1, 1), Math.max(columns.length - 1, 1));
  const [first] = columns;
  const second = columns[other];
  return (
    <ScrollPane className={styles.pane}>
      <Figures columns={columns} onRemove={(place) => put(items.filter((_, i) => i !== place))} onFirst={(place) => put(firstOf(items, place))} />
      {columns.length === 1 && <p className={styles.empty}>{t.compareOne}</p>}
      {compared.places.length > 1 && (
        <Places places={compared.places} isWhole={compared.isWhole} chosen={compared.place} onChoose={(place) => go({ place })} />
      )}
      {first && second && (
        <WordDiffs key={`${search.place ?? ""} ${other}`} columns={columns} other={other} onOther={(place) => go({ other: place })} />
      )}
    </ScrollPane>
  );
}

function firstOf(items: readonly CompareItem[], place: number): CompareItem[] {
  const chosen = items[place];
  return chosen ? [chosen, ...items.filter((_, i) => i !== place)] : [...items];
}
