// The frame around every view: rail, top bar, and the list of keys.
import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useKeys } from "@/lib/useKeys";
import { keepChoice, readChoice } from "@/lib/storage";
import styles from "./Frame.module.css";
import { KeysDialog } from "./KeysDialog";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

export function Frame() {
  const [isFolded, setIsFolded] = useState(() => readChoice("rail") === "folded");
  const [hasKeys, setHasKeys] = useState(false);
  useKeys({ "?": () => setHasKeys(true) });
  const fold = () => {
    keepChoice("rail", isFolded ? "open" : "folded");
    setIsFolded(!isFolded);
  };
  return (
    <div className={styles.frame} data-folded={isFolded || undefined}>
      <Rail isFolded={isFolded} onFold={fold} onKeys={() => setHasKeys(true)} />
      <TopBar />
      <main className={styles.main}>
        <Outlet />
      </main>
      <KeysDialog isOpen={hasKeys} onClose={() => setHasKeys(false)} />
    </div>
  );
}
