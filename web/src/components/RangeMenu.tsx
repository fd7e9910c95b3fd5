// Which stretch of time is looked at: up to now, or one that was chosen elsewhere, which is shown.
import { Menu } from "@mantine/core";
import { IconCalendarTime, IconChevronDown } from "@tabler/icons-react";
import { formatStretch } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { RANGES, type Range } from "@/model/address";
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
