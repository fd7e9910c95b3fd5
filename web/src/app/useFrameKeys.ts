// Keys that work in every view: the palette, and g with a letter to go somewhere.
import { useMatchRoute, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { readForTab } from "@/lib/storage";
import { useKeys } from "@/lib/useKeys";

const PLACES = { t: "/traces", s: "/sessions", o: "/overview", e: "/experiments", ",": "/settings" } as const;
// How long g waits for its letter.
const WAIT_MS = 1500;

export function useFrameKeys({ onKeys, onPalette }: { onKeys: () => void; onPalette: () => void }): void {
  const navigate = useNavigate();
  const { experiment } = useSearch({ from: "__root__" });
  const since = useRef(-Infinity);
  const go = (to: (typeof PLACES)[keyof typeof PLACES]) => (event: KeyboardEvent) => {
    if (event.timeStamp - since.current > WAIT_MS) return;
    since.current = -Infinity;
    event.preventDefault();
    void navigate({ to, search: experiment === undefined ? {} : { experiment } });
  };
  const matches = useMatchRoute();
  /** To the trace above or below in the list from which this one was opened. */
  const step = (by: number) => () => {
    const matched = matches({ to: "/traces/$traceId" });
    const ids = (readForTab("neighbours") ?? "").split(",");
    const at = matched === false ? -1 : ids.indexOf(matched.traceId);
    const traceId = at < 0 ? undefined : ids[at + by];
    if (traceId === undefined) return;
    const search = experiment === undefined ? {} : { experiment };
    void navigate({ to: "/traces/$traceId", params: { traceId }, search, replace: true });
  };
  useKeys({
    "[": step(-1),
    "]": step(1),
    "?": onKeys,
    g: (event) => (since.current = event.timeStamp),
    ...Object.fromEntries(Object.entries(PLACES).map(([key, to]) => [key, go(to)])),
  });

  // From within a field, too; the browser's own use of these keys gives way.
  const open = useRef(onPalette);
  useEffect(() => {
    open.current = onPalette;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      open.current();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
