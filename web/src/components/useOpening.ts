// What is loaded when it is first opened is drawn closed, and opens a frame later: opened from its first moment, it
// would not know where the focus goes back to.
import { useEffect, useLayoutEffect, useState, type RefObject } from "react";

/** Whether it has been on show, closed. */
export function useDrawn(): boolean {
  const [isDrawn, setIsDrawn] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setIsDrawn(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return isDrawn;
}

/** Of what takes the place of a button that was pressed, and takes over its focus. */
export function useOpening(target: RefObject<HTMLElement | null>): [boolean, (isOpen: boolean) => void] {
  const [isOpen, setIsOpen] = useState(false);
  useLayoutEffect(() => {
    // What stood here had it, and is gone.
    if (document.activeElement === document.body) target.current?.focus({ preventScroll: true });
  }, [target]);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setIsOpen(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return [isOpen, setIsOpen];
}
