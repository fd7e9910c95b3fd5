// The frame around every view: rail, top bar, the palette and the list of keys.
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { keepChoice, readChoice } from "@/lib/storage";
import styles from "./Frame.module.css";
import { KeysDialog } from "./KeysDialog";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import { useFrameKeys } from "./useFrameKeys";

const Palette = lazy(() => import("./Palette").then((loaded) => ({ default: loaded.Palette })));

type Window = "keys" | "palette" | null;

export function Frame() {
  const [isFolded, setIsFolded] = useState(() => readChoice("rail") === "folded");
  const [open, setOpen] = useState<Window>(null);
  // It stays once it is there, so that it closes as it opened.
  const [hasPalette, setHasPalette] = useState(false);
  const showKeys = () => setOpen("keys");
  const showPalette = () => {
    setHasPalette(true);
    setOpen("palette");
  };
  const close = (window: Window) => setOpen((now) => (now === window ? null : now));
  useFrameKeys({ onKeys: showKeys, onPalette: showPalette });
  const fold = () => {
    keepChoice("rail", isFolded ? "open" : "folded");
    setIsFolded(!isFolded);
  };
  return (
    <div className={styles.frame} data-folded={isFolded || undefined}>
      <Rail isFolded={isFolded} onFold={fold} onKeys={showKeys} />
      <TopBar onPalette={showPalette} />
      <main id="main" className={styles.main}>
        <Outlet />
      </main>
      <KeysDialog isOpen={open === "keys"} onClose={() => close("keys")} />
      {hasPalette && (
        <Suspense fallback={null}>
          <Palette isOpen={open === "palette"} onClose={() => close("palette")} onKeys={showKeys} />
        </Suspense>
      )}
    </div>
  );
}
