// Which experiment the page shows. Until somebody is at the field, it is one that only tells.
import { IconSelector } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMatchRoute, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, startTransition, useState } from "react";
import { experimentsQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Frame.module.css";

const load = () => import("./ExperimentSelect");
const ExperimentSelect = lazy(load);

export function ExperimentField() {
  const { t } = useSpeech();
  const { data } = useQuery(experimentsQuery);
  const { experiment } = useSearch({ from: "__root__" });
  const navigate = useNavigate();
  const matches = useMatchRoute();
  const [isWanted, setIsWanted] = useState(false);
  const choose = (name: string | undefined) => {
    const here = (["/overview", "/sessions"] as const).find((to) => matches({ to }) !== false);
    // Numbers and sessions stay so, of another experiment; everywhere else one wants to see its traces.
    void navigate({ to: here ?? "/traces", search: name === undefined ? {} : { experiment: name } });
  };
  if (!isWanted) {
    const want = () => startTransition(() => setIsWanted(true));
    return (
      <span className={cx(styles.experiment, styles.told)}>
        <input
          className={styles.experimentInput}
          aria-label={t.experiment}
          aria-haspopup="listbox"
          aria-expanded={false}
          role="combobox"
          readOnly
          value={experiment ?? t.allExperiments}
          onPointerEnter={() => void load()}
          onFocus={want}
        />
        <IconSelector size={14} stroke={1.6} aria-hidden />
      </span>
    );
  }
  const offered = (data ?? []).filter(({ isArchived }) => !isArchived).map(({ name }) => name);
  const names = [...new Set([...offered, ...(experiment === undefined ? [] : [experiment])])];
  return <ExperimentSelect names={names} chosen={experiment} onChoose={choose} />;
}
