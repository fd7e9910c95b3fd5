// The inside of a window over the page. Mantine's own head would be a second banner of the page to screen readers.
import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useSpeech } from "@/lib/i18n/language";
import { useDrawn } from "./useOpening";
import styles from "./Window.module.css";

export interface WindowProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  size: number;
  /** It goes only by what stands in it. */
  isFirm?: boolean;
  children: ReactNode;
}

export default function WindowDrawn({ title, isOpen, onClose, size, isFirm = false, children }: WindowProps) {
  const { t } = useSpeech();
  const isDrawn = useDrawn();
  return (
    <Modal.Root opened={isOpen && isDrawn} onClose={onClose} size={size} centered closeOnClickOutside={!isFirm} closeOnEscape={!isFirm}>
      <Modal.Overlay />
      {/* Mantine knows of the title one drawing later: till then a window would have no name. */}
      <Modal.Content aria-label={title}>
        <div className={styles.head}>
          <Modal.Title>{title}</Modal.Title>
          {!isFirm && <Modal.CloseButton aria-label={t.close} />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
