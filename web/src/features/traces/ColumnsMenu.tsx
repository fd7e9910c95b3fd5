// Which columns there are. What is behind the button is loaded when somebody is about to use it.
import { IconColumns3 } from "@tabler/icons-react";
import { cloneElement, lazy, startTransition, useState } from "react";
import { useSpeech } from "@/lib/i18n/language";
import type { Layout } from "@/model/columns";
import styles from "./ColumnsMenu.module.css";

interface Props {
  layout: Layout;
  onLayout: (layout: Layout) => void;
}

const load = () => import("./ColumnsPopover");
const ColumnsPopover = lazy(load);

export function ColumnsMenu(props: Props) {
  const { t } = useSpeech();
  const [isWanted, setIsWanted] = useState(false);
  const button = (
    <button type="button" className={styles.button} aria-label={t.columns} data-tip={t.columnsHover}>
      <IconColumns3 size={15} stroke={1.6} aria-hidden />
      <span className={styles.word}>{t.columns}</span>
    </button>
  );
  const early = () => void load();
  if (isWanted) return <ColumnsPopover {...props} button={button} />;
  return cloneElement(button, {
    "aria-haspopup": "dialog",
    "aria-expanded": false,
    // The button stays until what is behind it is there.
    onClick: () => startTransition(() => setIsWanted(true)),
    onPointerEnter: early,
    onFocus: early,
  });
}
