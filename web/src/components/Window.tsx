// A window over the page. Mantine's own head would be a second banner of the page to screen readers.
import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Window.module.css";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  size: number;
  /** It goes only by what stands in it. */
  isFirm?: boolean;
  children: ReactNode;
}

export function Window({ title, isOpen, onClose, size, isFirm = false, children }: Props) {
  const { t } = useSpeech();
  return (
    <Modal.Root opened={isOpen} onClose={onClose} size={size} centered closeOnClickOutside={!isFirm} closeOnEscape={!isFirm}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={styles.head}>
          <Modal.Title>{title}</Modal.Title>
          {!isFirm && <Modal.CloseButton aria-label={t.close} />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
