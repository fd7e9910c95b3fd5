// The filter line, with what may come next. The server judges the filter; what is wrong is shown under the line.
import { useQuery } from "@tanstack/react-query";
import { IconFilter, IconX } from "@tabler/icons-react";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { experimentsQuery, facetsQuery } from "@/api/queries";
import { IconButton } from "@/components/IconButton";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import type { FilterField } from "@/model/filterFields";
import { complete, optionsAt, placeAt } from "@/model/filterText";
import styles from "./FilterBar.module.css";

interface Props {
  filter: string;
  experiment: string | undefined;
  hasFault: boolean;
  onFilter: (filter: string) => void;
}

/** Values offered of each field. */
const VALUES = 50;

/** A new `filter` from elsewhere, such as a facet, is a new line: give it as the key too. */
export function FilterBar({ filter, experiment, hasFault, onFilter }: Props) {
  const { t } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter);
  // Where the caret is to stand in a text that was put in: set before the next key can be pressed.
  const caret = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caret.current !== null) input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);
  const list = useOptions(text, experiment);
  const id = useId();
  useKeys({
    "/": (event) => {
      event.preventDefault();
      input.current?.focus();
    },
  });

  const apply = () => {
    list.close();
    onFilter(text.trim());
  };
  const put = (option: string) => {
    const done = complete(text, list.place, option);
    setText(done.text);
    list.open(done.caret);
    caret.current = done.caret;
  };
  const press = (event: KeyboardEvent) => {
    const chosen = list.options[list.at]?.text;
    if (event.key === "Escape") {
      if (list.isOpen) list.close();
      else input.current?.blur();
    } else if (event.key === "Enter") {
      if (chosen !== undefined) put(chosen);
      else apply();
    } else if (event.key === "Tab" && list.isOpen && !event.shiftKey && list.options.length > 0) {
      put(chosen ?? list.options[0]?.text ?? "");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      list.move(event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
  };

  return (
    <div className={styles.bar} data-fault={hasFault || undefined}>
      <IconFilter size={15} stroke={1.7} className={styles.sign} aria-hidden />
      <input
        ref={input}
        className={styles.input}
        role="combobox"
        aria-label={t.filterTraces}
        aria-expanded={list.isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={list.isOpen && list.at >= 0 ? `${id}-${list.at}` : undefined}
        aria-invalid={hasFault || undefined}
        aria-autocomplete="list"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder={t.filterPlaceholder}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          list.open(event.target.selectionStart ?? event.target.value.length);
        }}
        onFocus={(event) => list.open(event.target.selectionStart ?? 0)}
        onClick={(event) => list.open(event.currentTarget.selectionStart ?? 0)}
        onBlur={list.close}
        onKeyDown={press}
      />
      {text !== "" && (
        <IconButton
          label={t.clearFilter}
          className={styles.clear}
          onClick={() => {
            setText("");
            onFilter("");
          }}
        >
          <IconX size={14} stroke={1.8} />
        </IconButton>
      )}
      {list.isOpen && list.options.length > 0 && (
        <ul id={`${id}-list`} role="listbox" aria-label={t.filterTraces} className={styles.list}>
          {list.options.map((option, i) => (
            <li
              key={option.text}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === list.at}
              className={cx(styles.option, i === list.at && styles.chosen)}
              // Not on a click: the field would have lost the focus by then.
              onPointerDown={(event) => {
                event.preventDefault();
                put(option.text);
              }}
            >
              <span className={styles.text}>{option.text}</span>
              {option.hint !== undefined && <span className={styles.hint}>{option.hint}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function useOptions(text: string, experiment: string | undefined) {
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  const known = useKnownValues(experiment, caret !== null);
  const place = placeAt(text, caret ?? 0);
  const options = caret === null ? [] : optionsAt(place, known);
  return {
    isOpen: caret !== null,
    options,
    place,
    at,
    open: (where: number) => {
      setCaret(where);
      setAt(-1);
    },
    close: () => setCaret(null),
    move: (by: number) => {
      if (options.length === 0) return;
      // From before the first one upwards is the last one.
      setAt((now) => (now < 0 && by < 0 ? options.length - 1 : (now + by + options.length) % options.length));
    },
  };
}

function useKnownValues(experiment: string | undefined, isWanted: boolean) {
  const all = { experiment, filter: undefined, sinceMs: null, untilMs: null, order: undefined };
  const { data } = useQuery({ ...facetsQuery(all, VALUES), enabled: isWanted });
  const { data: experiments } = useQuery({ ...experimentsQuery, enabled: isWanted });
  return (field: FilterField, written: string): readonly string[] => {
    if (field.name === "experiment") return experiments?.map(({ name }) => name) ?? [];
    if (field.name === "tags.") {
      const key = written.slice(written.indexOf(".") + 1).replaceAll("`", "");
      return (data?.facets.tag ?? []).filter((found) => found.key === key).map(({ value }) => value);
    }
    return field.facet ? (data?.facets[field.facet] ?? []).map(({ value }) => value) : [];
  };
}
