// Hover texts. One layer serves every element that has `data-tip`: a list of thousands of cells needs no more.
// The text is also read out: elements that are not plain text carry it as their label as well.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import styles from "./TipLayer.module.css";

interface Tip {
  text: string;
  anchor: DOMRect;
}

const DELAY_MS = 350;

export function TipLayer() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let timer: number | undefined;
    let current: Element | null = null;
    const leave = () => {
      window.clearTimeout(timer);
      current = null;
      setTip(null);
    };
    const enter = (event: Event) => {
      const target = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
      if (target === current) return;
      leave();
      if (!target) return;
      current = target;
      timer = window.setTimeout(() => {
        const text = target.getAttribute("data-tip");
        if (text && target.isConnected) setTip({ text, anchor: target.getBoundingClientRect() });
      }, DELAY_MS);
    };
    const focus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(":focus-visible")) enter(event);
    };
    document.addEventListener("pointerover", enter);
    document.addEventListener("focusin", focus);
    for (const name of ["pointerdown", "keydown", "wheel", "focusout"]) document.addEventListener(name, leave, { passive: true });
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("pointerover", enter);
      document.removeEventListener("focusin", focus);
      for (const name of ["pointerdown", "keydown", "wheel", "focusout"]) document.removeEventListener(name, leave);
    };
  }, []);
  return tip && <Bubble tip={tip} />;
}

function Bubble({ tip }: { tip: Tip }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    const middle = tip.anchor.left + Math.min(tip.anchor.width, 320) / 2;
    const left = Math.max(8, Math.min(middle - width / 2, window.innerWidth - width - 8));
    const below = tip.anchor.bottom + 6;
    const top = below + height > window.innerHeight - 8 ? tip.anchor.top - height - 6 : below;
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }, [tip]);
  return (
    <div ref={box} className={styles.tip} role="tooltip">
      {tip.text}
    </div>
  );
}
