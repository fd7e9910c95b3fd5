// The menu of a MenuButton, which opens once it is there.
import { Menu } from "@mantine/core";
import { cloneElement, useRef } from "react";
import type { MenuEntry, MenuProps } from "./MenuButton";
import { useOpening } from "./useOpening";

export default function MenuDrawn({ button, entries, position = "bottom-end", width }: MenuProps) {
  const target = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useOpening(target);
  return (
    <Menu opened={isOpen} onChange={setIsOpen} position={position} {...(width !== undefined && { width })}>
      <Menu.Target>{cloneElement(button, { ref: target })}</Menu.Target>
      <Menu.Dropdown mah="min(560px, 80dvh)" style={{ overflow: "auto" }}>
        {entries.map((entry, at) => (
          <Entry key={entry.kind === "item" ? (entry.key ?? at) : at} entry={entry} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "heading":
      return <Menu.Label>{entry.text}</Menu.Label>;
    case "line":
      return <Menu.Divider />;
    case "item":
      return (
        <Menu.Item leftSection={entry.icon} onClick={entry.onClick}>
          {entry.label}
        </Menu.Item>
      );
    case "choices":
      return (
        <Menu.RadioGroup value={entry.value}>
          {entry.choices.map(({ value, label, lang, tip }) => (
            <Menu.RadioItem key={value} value={value} lang={lang} data-tip={tip} closeMenuOnClick onClick={() => entry.onChoose(value)}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      );
  }
}
