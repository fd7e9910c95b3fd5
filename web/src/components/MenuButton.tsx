// A button with a menu behind it. The menu's code is loaded when somebody is about to use it: most views are read, and
// a page that waits for its menus is on show later.
import { cloneElement, lazy, startTransition, useState, type ComponentProps, type ReactElement, type ReactNode } from "react";

interface Choice {
  value: string;
  label: ReactNode;
  /** Of the label, where it is not the page's. */
  lang?: string;
  tip?: string;
}

export type MenuEntry =
  | { kind: "item"; key?: string; label: ReactNode; icon?: ReactNode; onClick: () => void }
  /** One of several; what is chosen already can be chosen again. */
  | { kind: "choices"; value: string; choices: readonly Choice[]; onChoose: (value: string) => void }
  | { kind: "heading"; text: string }
  | { kind: "line" };

export interface MenuProps {
  button: ReactElement<ComponentProps<"button">>;
  entries: readonly MenuEntry[];
  position?: "bottom-end" | "bottom-start";
  width?: number;
}

const load = () => import("./MenuDrawn");
const MenuDrawn = lazy(load);

export function MenuButton(props: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const early = () => void load();
  if (isWanted) return <MenuDrawn {...props} />;
  return cloneElement(props.button, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    // The button stays until the menu is there.
    onClick: () => startTransition(() => setIsWanted(true)),
    onPointerEnter: early,
    onFocus: early,
  });
}
