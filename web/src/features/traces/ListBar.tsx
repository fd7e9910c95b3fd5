// The bar of the list: facets, filter, stretch of time, and whether newer traces come in by themselves.
import { IconAdjustmentsHorizontal, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { IconButton } from "@/components/IconButton";
import { RangeMenu } from "@/components/RangeMenu";
import { useSpeech } from "@/lib/i18n/language";
import type { ListSearch } from "@/model/address";
import { FilterBar } from "./FilterBar";
import styles from "./ListBar.module.css";
import type { Change } from "./useListAsk";

interface Props {
  search: ListSearch;
  hasFault: boolean;
  hasFacets: boolean;
  onFacets: () => void;
  onChange: (change: Change) => void;
}

export function ListBar({ search, hasFault, hasFacets, onFacets, onChange }: Props) {
  const { t } = useSpeech();
  const isLive = search.live === "1";
  return (
    <div className={styles.bar}>
      <IconButton label={t.facets} aria-pressed={hasFacets} className={styles.toggle} onClick={onFacets}>
        <IconAdjustmentsHorizontal size={17} stroke={1.6} />
      </IconButton>
      <FilterBar
        key={search.filter ?? ""}
        filter={search.filter ?? ""}
        experiment={search.experiment}
        hasFault={hasFault}
        onFilter={(filter) => onChange({ filter: filter === "" ? undefined : filter })}
      />
      <RangeMenu search={search} onChange={onChange} />
      <button
        type="button"
        className={styles.button}
        aria-pressed={isLive}
        data-tip={t.liveHover}
        onClick={() => onChange({ live: isLive ? undefined : "1", at: search.at })}
      >
        {isLive ? <IconPlayerPause size={14} stroke={1.8} aria-hidden /> : <IconPlayerPlay size={14} stroke={1.8} aria-hidden />}
        {t.live}
      </button>
    </div>
  );
}
