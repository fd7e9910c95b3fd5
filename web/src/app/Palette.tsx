// The palette: everything that can be done, found by a few letters. Loaded when it is first asked for.
import { Modal } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { useDrawn } from "@/components/useOpening";
import { useSpeech } from "@/lib/i18n/language";
import { fitting, type Command } from "@/model/palette";
import styles from "./Palette.module.css";
import { useCommands } from "./useCommands";

const MOST_OF_GROUP = 8;

export function Palette({ isOpen, onClose, onKeys }: { isOpen: boolean; onClose: () => void; onKeys: () => void }) {
  const { t } = useSpeech();
  const isDrawn = useDrawn();
  return (
    <Modal.Root opened={isOpen && isDrawn} onClose={onClose} size={600} yOffset="12vh" padding={0} returnFocus transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={t.palette}>
        <Modal.Body className={styles.body}>
          <Commands onClose={onClose} onKeys={onKeys} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Commands({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const { t } = useSpeech();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const commands = useCommands(typed, onKeys);
  const found = fitting(commands.always, typed, MOST_OF_GROUP);
  // What was typed itself goes before what it finds, if it names a trace, else behind it.
  const all = [...commands.first, ...found, ...commands.last];
  const current = Math.min(at, all.length - 1);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const press = (event: KeyboardEvent) => {
    // While a word is composed (Japanese), its keys are the input method's.
    if (event.nativeEvent.isComposing) return;
    const last = all.length - 1;
    const to: Readonly<Record<string, number>> = {
      ArrowDown: current >= last ? 0 : current + 1,
      ArrowUp: current <= 0 ? last : current - 1,
      PageDown: Math.min(current + 8, last),
      PageUp: Math.max(current - 8, 0),
    };
    const next = to[event.key];
    if (next !== undefined) setAt(next);
    else if (event.key === "Enter") run(all[current]);
    else return;
    event.preventDefault();
  };
  const groups = [...new Set(all.map(({ group }) => group))];
  return (
    <>
      <div className={styles.line}>
        <IconSearch size={17} stroke={1.6} aria-hidden />
        <input
          data-autofocus
          className={styles.input}
          role="combobox"
          aria-label={t.palette}
          aria-expanded
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={all[current] ? `${id}-${all[current].id}` : undefined}
          placeholder={t.palettePlaceholder}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={press}
        />
      </div>
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={t.palette} className={styles.list}>
        {groups.map((group) => (
          <div key={group} role="group" aria-label={group}>
            <div className={styles.group} aria-hidden>{group}</div>
            {all.map((command, place) => command.group === group && (
              <div
                key={command.id}
                id={`${id}-${command.id}`}
                role="option"
                aria-selected={place === current}
                className={styles.option}
                // Only a pointer that moves chooses: the list may have come under one that rests.
                onPointerMove={() => setAt(place)}
                onClick={() => run(command)}
              >
                <span className={styles.name}>{command.name}</span>
                {command.hint !== undefined && <span className={styles.hint}>{command.hint}</span>}
              </div>
            ))}
          </div>
        ))}
      </div>
      <p className={styles.foot} role="status">
        {all.length === 0 ? t.nothingFits : t.paletteFoot}
      </p>
    </>
  );
}
