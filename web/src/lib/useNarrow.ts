// Whether the page is as narrow as a phone: then panes become steps.
import { useSyncExternalStore } from "react";

const QUERY = "(max-width: 699px)";

const listen = (changed: () => void): (() => void) => {
  const media = window.matchMedia(QUERY);
  media.addEventListener("change", changed);
  return () => media.removeEventListener("change", changed);
};

export const isNarrow = (): boolean => window.matchMedia(QUERY).matches;

export function useNarrow(): boolean {
  return useSyncExternalStore(listen, isNarrow);
}
