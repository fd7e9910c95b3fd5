// Which part of the trace's time is in sight. As long as nobody zoomed, that is all of it, however it grows.
import { useCallback, useMemo, useState } from "react";
import type { TimeWindow } from "@/model/timeline";
import { isWhole, stretchOf, wholeView, zoomed, type TimeView } from "@/model/timeView";
import type { Span } from "@/model/trace";

export interface TimeState {
  whole: TimeWindow;
  view: TimeView;
  setView: (view: TimeView) => void;
  zoom: (factor: number, share?: number) => void;
  zoomTo: (span: Span) => void;
}

export function useTimeView(whole: TimeWindow): TimeState {
  const [chosen, setChosen] = useState<TimeView | null>(null);
  const view = useMemo(() => chosen ?? wholeView(whole), [chosen, whole]);
  const setView = useCallback((next: TimeView) => setChosen(isWhole(next, whole) ? null : next), [whole]);
  return {
    whole,
    view,
    setView,
    zoom: (factor, share = 0.5) => setView(zoomed(view, whole, share, factor)),
    zoomTo: (span) => {
      const from = Number(span.startNs - whole.startNs);
      // With a little of what was before and after.
      const margin = Math.max(span.durationNs, 1) * 0.1;
      setView(stretchOf(from - margin, from + span.durationNs + margin, whole));
    },
  };
}
