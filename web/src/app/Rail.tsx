// The rail: where one can go. Under 700 px it is the bar at the bottom.
import { IconChartHistogram, IconFlask2, IconKeyboard, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconListDetails, IconMessages, IconSettings } from "@tabler/icons-react";
import { Link, useSearch } from "@tanstack/react-router";
import { IconButton } from "@/components/IconButton";
import { useSpeech } from "@/lib/i18n/language";
import { Mark } from "./Mark";
import styles from "./Frame.module.css";

interface Props {
  isFolded: boolean;
  onFold: () => void;
  onKeys: () => void;
}

export function Rail({ isFolded, onFold, onKeys }: Props) {
  const { t } = useSpeech();
  const { experiment } = useSearch({ from: "__root__" });
  const search = experiment === undefined ? {} : { experiment };
  const FoldIcon = isFolded ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <nav className={styles.rail} aria-label={t.mainNavigation}>
      <Link to="/traces" className={styles.brand} aria-label="Outcrop">
        <Mark />
        <span className={styles.word}>Outcrop</span>
      </Link>
      <div className={styles.links}>
        <Link to="/traces" search={search} className={styles.link} activeOptions={{ includeSearch: false }}>
          <IconListDetails size={17} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.traces}</span>
        </Link>
        <Link to="/sessions" search={search} className={styles.link} activeOptions={{ includeSearch: false }}>
          <IconMessages size={17} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.sessions}</span>
        </Link>
        <Link to="/overview" search={search} className={styles.link} activeOptions={{ includeSearch: false }}>
          <IconChartHistogram size={17} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.overview}</span>
        </Link>
        <Link to="/experiments" search={search} className={styles.link} activeOptions={{ includeSearch: false }}>
          <IconFlask2 size={17} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.experiments}</span>
        </Link>
        <Link to="/settings" search={search} className={styles.link} activeOptions={{ includeSearch: false }}>
          <IconSettings size={17} stroke={1.6} aria-hidden />
          <span className={styles.word}>{t.settings}</span>
        </Link>
      </div>
      <div className={styles.foot}>
        <IconButton label={`${t.keys} (?)`} onClick={onKeys}>
          <IconKeyboard size={17} stroke={1.6} />
        </IconButton>
        <IconButton label={isFolded ? t.unfoldRail : t.foldRail} onClick={onFold}>
          <FoldIcon size={17} stroke={1.6} />
        </IconButton>
      </div>
    </nav>
  );
}
