// Copies a text and says so for a moment.
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { writeClipboard } from "@/lib/clipboard";
import { useSpeech } from "@/lib/i18n/language";
import { IconButton } from "./IconButton";

interface Props {
  /** What to copy; a function if it is dear to make. */
  text: string | (() => string | Promise<string>);
  label?: string;
  icon?: ReactNode;
  className?: string | undefined;
  tabIndex?: number;
}

export function CopyButton({ text, label, icon, className, tabIndex }: Props) {
  const { t } = useSpeech();
  const [isDone, setIsDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setIsDone(false), 1200);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = async () => {
    await writeClipboard(typeof text === "string" ? text : await text());
    setIsDone(true);
  };
  return (
    <IconButton
      label={isDone ? t.copied : (label ?? t.copy)}
      className={className}
      tabIndex={tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        void copy();
      }}
    >
      {isDone ? <IconCheck size={15} stroke={1.8} /> : (icon ?? <IconCopy size={15} stroke={1.6} />)}
    </IconButton>
  );
}
