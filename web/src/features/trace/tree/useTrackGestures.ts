// Drawing over the waterfall zooms to what was drawn; the wheel zooms with Ctrl and moves in time with Shift or sideways;
// two clicks show the whole again. Fingers have a file of their own.
import { useEffect, useRef, useState, type CSSProperties, type MouseEvent, type PointerEvent, type RefObject } from "react";
import { lengthOf, panned, stretchOf, wholeView, zoomed } from "@/model/timeView";
import type { TimeState } from "./useTimeView";
import { useTrackTouch } from "./useTrackTouch";

// Less is a click that trembled.
const LEAST_PX = 5;
const NOTCH_PX = 240;

interface Drawing {
  from: number;
  to: number;
  isDrawn: boolean;
}

export function useTrackGestures(box: RefObject<HTMLElement | null>, axis: RefObject<HTMLElement | null>, time: TimeState) {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [edges, setEdges] = useState({ left: 0, width: 1 });
  const current = useRef(time);
  useEffect(() => {
    current.current = time;
  });
  const rect = (): DOMRect | undefined => axis.current?.getBoundingClientRect();
  const shareOf = (clientX: number, track: DOMRect): number => Math.min(Math.max((clientX - track.left) / track.width, 0), 1);
  const isOver = (clientX: number, track: DOMRect): boolean => clientX >= track.left && clientX <= track.right;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // React listens to the wheel passively, and then the page would zoom as well.
    const wheel = (event: WheelEvent) => {
      const track = axis.current?.getBoundingClientRect();
      if (!track || !isOver(event.clientX, track)) return;
      const { view, whole, setView } = current.current;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        setView(zoomed(view, whole, shareOf(event.clientX, track), 2 ** (-event.deltaY / NOTCH_PX)));
        return;
      }
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (sideways === 0 || (!event.shiftKey && Math.abs(event.deltaX) < Math.abs(event.deltaY))) return;
      event.preventDefault();
      setView(panned(view, whole, sideways / track.width));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [box, axis]);

  const touch = useTrackTouch(axis, time);
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      const track = rect();
      const outer = box.current?.getBoundingClientRect();
      if (event.pointerType === "touch") {
        touch.down(event);
        return;
      }
      if (event.button !== 0 || !track || !outer || !isOver(event.clientX, track)) return;
      const share = shareOf(event.clientX, track);
      setEdges({ left: track.left - outer.left, width: track.width });
      setDrawing({ from: share, to: share, isDrawn: false });
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType === "touch") {
        touch.move(event);
        return;
      }
      const track = rect();
      if (!drawing || !track) return;
      const to = shareOf(event.clientX, track);
      const isDrawn = drawing.isDrawn || Math.abs(to - drawing.from) * track.width >= LEAST_PX;
      if (isDrawn && !drawing.isDrawn) event.currentTarget.setPointerCapture(event.pointerId);
      setDrawing({ from: drawing.from, to, isDrawn });
    },
    onPointerUp: (event: PointerEvent) => {
      touch.up(event);
      setDrawing(null);
      if (!drawing?.isDrawn) return;
      const { view, whole, setView } = time;
      const at = (share: number) => view.fromNs + share * lengthOf(view);
      setView(stretchOf(at(drawing.from), at(drawing.to), whole));
    },
    onPointerCancel: (event: PointerEvent) => {
      touch.up(event);
      setDrawing(null);
    },
    onDoubleClick: (event: MouseEvent) => {
      const track = rect();
      if (track && isOver(event.clientX, track)) time.setView(wholeView(time.whole));
    },
  };
  const drawn: CSSProperties | null = drawing?.isDrawn
    ? { left: edges.left + Math.min(drawing.from, drawing.to) * edges.width, width: Math.abs(drawing.to - drawing.from) * edges.width }
    : null;
  return { handlers, drawn };
}
