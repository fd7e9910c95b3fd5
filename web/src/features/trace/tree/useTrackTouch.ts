// Fingers on the waterfall: one moves in time where it is zoomed, two zoom and move. Up and down stays the browser's,
// which takes a finger away from here (pointercancel) once it scrolls.
import { useRef, type PointerEvent, type RefObject } from "react";
import { panned, pinched, type TimeView } from "@/model/timeView";
import type { TimeState } from "./useTimeView";

export function useTrackTouch(axis: RefObject<HTMLElement | null>, time: TimeState) {
  /** Where each finger was last, as a share of the track. */
  const fingers = useRef(new Map<number, number>());

  /** What the fingers made of the view, which may be drawn later than they move. */
  const latest = useRef<TimeView | null>(null);

  const shareOf = (event: PointerEvent): number | null => {
    const track = axis.current?.getBoundingClientRect();
    return track && track.width > 0 ? (event.clientX - track.left) / track.width : null;
  };
  const down = (event: PointerEvent) => {
    const share = shareOf(event);
    if (share !== null && share >= 0 && share <= 1 && fingers.current.size < 2) fingers.current.set(event.pointerId, share);
  };
  const move = (event: PointerEvent) => {
    const was = fingers.current.get(event.pointerId);
    const share = shareOf(event);
    if (was === undefined || share === null) return;
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, share);
    const { whole, setView } = time;
    const view = latest.current ?? time.view;
    latest.current = other === undefined ? panned(view, whole, was - share) : pinched(view, whole, [was, other], [share, other]);
    setView(latest.current);
  };
  const up = (event: PointerEvent) => {
    fingers.current.delete(event.pointerId);
    if (fingers.current.size === 0) latest.current = null;
  };
  return { down, move, up };
}
