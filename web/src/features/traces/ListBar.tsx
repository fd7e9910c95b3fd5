// The bar of the list: facets, filter, stretch of time, and whether newer traces come in by themselves.
import { Menu } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconCalendarTime, IconChevronDown, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { IconButton } from "@/components/IconButton";
import { formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { RANGES, type ListSearch, type Range } from "@/model/address";
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

const ALL = "";

function RangeMenu({ search, onChange }: { search: ListSearch; onChange: (change: Change) => void }) {
  const { t, language } = useSpeech();
  const { range, from, to } = search;
  const isStretch = from !== undefined && to !== undefined;
  const label = isStretch ? formatStretch(from, to, language) : range === undefined ? t.allTime : t.ranges[range];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={styles.button} aria-label={`${t.timeRange}: ${label}`}>
          <IconCalendarTime size={15} stroke={1.6} aria-hidden />
          <span className={styles.label}>{label}</span>
          <IconChevronDown size={13} stroke={1.8} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup
          value={isStretch ? "stretch" : (range ?? ALL)}
          onChange={(value) => onChange({ range: value === ALL ? undefined : (value as Range), from: undefined, to: undefined })}
        >
          {[...RANGES, ALL].map((each) => (
            <Menu.RadioItem key={each} value={each} closeMenuOnClick>
              {each === ALL ? t.allTime : t.ranges[each as Range]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
