// What the keys do.
import { Window } from "@/components/Window";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./KeysDialog.module.css";

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useSpeech();
  // What is pressed together stands in one; what one or the other does, side by side.
  const groups: readonly [string, readonly (readonly [readonly string[], string])[]][] = [
    [
      t.keysEverywhere,
      [
        [["Ctrl K", "⌘ K"], t.palette],
        [["g t"], t.keyGoTo(t.traces)],
        [["g s"], t.keyGoTo(t.sessions)],
        [["g o"], t.keyGoTo(t.overview)],
        [["g e"], t.keyGoTo(t.experiments)],
        [["g ,"], t.keyGoTo(t.settings)],
        [["?"], t.keyHelp],
      ],
    ],
    [
      t.traces,
      [
        [["j", "↓"], t.keyNext],
        [["k", "↑"], t.keyPrevious],
        [["Enter"], t.keyOpen],
        [["x"], t.keyChoose],
        [["J", "K", "X"], t.keyChooseMore],
        [["Esc"], t.clearChosen],
        [["/"], t.keyFilter],
      ],
    ],
    [
      t.keysTrace,
      [
        [["[", "]"], t.keySteps],
        [["←", "→"], t.keyFold],
        [["e"], t.keyError],
        [["+", "−", "0", "z"], t.keyZoom],
        [["⇧ ←", "⇧ →"], t.keyPan],
        [["1", "…", "6"], t.keyTabs],
        [["Esc"], t.keyBack],
      ],
    ],
  ];
  return (
    <Window title={t.keysTitle} isOpen={isOpen} onClose={onClose} size={760}>
      <div className={styles.groups}>
        {groups.map(([group, keys]) => (
          <section key={group}>
            <h3 className={styles.group}>{group}</h3>
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
          </section>
        ))}
      </div>
    </Window>
  );
}
