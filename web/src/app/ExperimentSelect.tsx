// The field in which an experiment is chosen, once somebody is at it.
import { Select } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { useRef } from "react";
import { useOpening } from "@/components/useOpening";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Frame.module.css";

interface Props {
  names: readonly string[];
  chosen: string | undefined;
  onChoose: (name: string | undefined) => void;
}

export default function ExperimentSelect({ names, chosen, onChoose }: Props) {
  const { t } = useSpeech();
  const field = useRef<HTMLInputElement>(null);
  const [isOpen, setIsOpen] = useOpening(field);
  return (
    <Select
      ref={field}
      className={styles.experiment}
      classNames={{ input: styles.experimentInput ?? "" }}
      aria-label={t.experiment}
      placeholder={t.allExperiments}
      data={[{ value: "", label: t.allExperiments }, ...names.map((name) => ({ value: name, label: name }))]}
      value={chosen ?? ""}
      onChange={(name) => {
        // The field gives up the focus, so that the keys of the list work at once.
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        onChoose(name === "" || name === null ? undefined : name);
      }}
      dropdownOpened={isOpen}
      onDropdownOpen={() => setIsOpen(true)}
      onDropdownClose={() => setIsOpen(false)}
      searchable
      // What is typed is another name, not the rest of this one.
      onFocus={(event) => event.currentTarget.select()}
      nothingFoundMessage={t.noExperimentFound}
      rightSection={<IconSelector size={14} stroke={1.6} />}
      rightSectionPointerEvents="none"
      withCheckIcon={false}
      maxDropdownHeight={360}
      comboboxProps={{ portalProps: { target: "#main" }, width: 280, position: "bottom-start", transitionProps: { duration: 0 }, shadow: "none" }}
    />
  );
}
