// What the keys do.
import { Modal } from "@mantine/core";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./KeysDialog.module.css";

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useSpeech();
  const keys: readonly [readonly string[], string][] = [
    [["j", "↓"], t.keyNext],
    [["k", "↑"], t.keyPrevious],
    [["Enter"], t.keyOpen],
    [["←", "→"], t.keyFold],
    [["e"], t.keyError],
    [["+", "−", "0", "z"], t.keyZoom],
    [["⇧ ←", "⇧ →"], t.keyPan],
    [["1", "2", "3", "4", "5", "6"], t.keyTabs],
    [["/"], t.keyFilter],
    [["Esc"], t.keyBack],
    [["?"], t.keyHelp],
  ];
  return (
    <Modal opened={isOpen} onClose={onClose} title={t.keysTitle} size={420} centered closeButtonProps={{ "aria-label": t.close }}>
      <dl className={styles.keys}>
        {keys.map(([names, words]) => (
          <div key={words} className={styles.line}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
