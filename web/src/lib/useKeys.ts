// Keys that work wherever the focus is, but not while someone types or a dialogue is open.
import { useEffect, useRef } from "react";

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const BUSY = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=menu], [role=dialog], [role=listbox]";
// Enter and space belong to what has the focus, if it can be pressed.
const PRESSABLE = "button, a, [role=separator]";

export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest(BUSY)) return;
      if ((event.key === "Enter" || event.key === " ") && target?.closest(PRESSABLE)) return;
      current.current[event.key]?.(event);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
