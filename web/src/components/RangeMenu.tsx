// Which stretch of time is looked at: up to now, or one that was chosen elsewhere, which is shown.
import { IconCalendarTime, IconChevronDown } from "@tabler/icons-react";
import { formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { RANGES, type Range } from "@/model/address";
import { MenuButton } from "./MenuButton";
import styles from "./RangeMenu.module.css";

const ALL = "";

export interface Stretch {
  range?: Range | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

export function RangeMenu({ search, onChange }: { search: Stretch; onChange: (stretch: Stretch) => void }) {
  const { t, language } = useSpeech();
  const { range, from, to } = search;
  const isStretch = from !== undefined && to !== undefined;
  const label = isStretch ? formatStretch(from, to, language) : range === undefined ? t.allTime : t.ranges[range];
  return (
    <MenuButton
      button={
        <button type="button" className={styles.button} aria-label={`${t.timeRange}: ${label}`}>
          <IconCalendarTime size={15} stroke={1.6} aria-hidden />
          <span className={styles.label}>{label}</span>
          <IconChevronDown size={13} stroke={1.8} aria-hidden />
        </button>
      }
      entries={[
        {
          kind: "choices",
          value: isStretch ? "stretch" : (range ?? ALL),
          choices: [...RANGES, ALL].map((each) => ({ value: each, label: each === ALL ? t.allTime : t.ranges[each as Range] })),
          onChoose: (value) => onChange({ range: value === ALL ? undefined : (value as Range), from: undefined, to: undefined }),
        },
      ]}
    />
  );
}
