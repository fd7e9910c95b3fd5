// New and changed traces as the server tells of them, while the tab is seen: a browser opens only a few
// connections to a server, and tabs in the background must not take them all.
import type { TraceRow } from "@/model/trace";
import type { components } from "./generated/schema";
import type { ListAsk } from "./queries";
import { readTraceRow } from "./read";

interface Listener {
  onTrace: (row: TraceRow) => void;
  /** Events may have been missed: what there is now is to be read. */
  onGap: () => void;
  /** Whether the server tells of traces; not where it has no room for one more listener. */
  onState: (isTold: boolean) => void;
}

export const canFollow = (): boolean => typeof EventSource === "function";

/** Follows until the function that it gives is called. */
export function followTraces({ experiment, filter }: ListAsk, listener: Listener): () => void {
  const search = new URLSearchParams();
  if (experiment !== undefined) search.set("experiment", experiment);
  if (filter !== undefined) search.set("filter", filter);
  let source: EventSource | null = null;

  const open = () => {
    source = new EventSource(`/api/traces/tail?${search}`);
    source.addEventListener("ready", () => {
      listener.onState(true);
      listener.onGap();
    });
    source.addEventListener("reset", listener.onGap);
    source.addEventListener("trace", ({ data }: MessageEvent<string>) => {
      listener.onTrace(readTraceRow(JSON.parse(data) as components["schemas"]["TraceSummary"]));
    });
    // The browser tries again by itself unless the server refused.
    source.addEventListener("error", () => listener.onState(false));
  };
  const close = () => {
    source?.close();
    source = null;
  };
  const onVisibility = () => {
    if (document.visibilityState === "hidden") close();
    else if (source === null) open();
  };
  document.addEventListener("visibilitychange", onVisibility);
  onVisibility();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}
