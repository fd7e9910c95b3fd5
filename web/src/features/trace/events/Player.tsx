// Plays a stream as it came: play and pause, a place in time, and how fast.
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { IconButton } from "@/components/IconButton";
import { formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Events.module.css";
import type { Playback } from "./usePlayback";

const SPEEDS = [0.25, 0.5, 1, 2, 5, 10] as const;
const STEPS = 1000;

export function Player({ playback, lengthNs }: { playback: Playback; lengthNs: number }) {
  const { t } = useSpeech();
  const { atNs, isPlaying, speed } = playback;
  const at = atNs ?? lengthNs;
  return (
    <div className={styles.player} role="group" aria-label={t.playback}>
      <IconButton label={isPlaying ? t.pause : t.play} className={styles.play} onClick={isPlaying ? playback.pause : playback.play}>
        {isPlaying ? <IconPlayerPauseFilled size={14} /> : <IconPlayerPlayFilled size={14} />}
      </IconButton>
      <input
        type="range"
        min={0}
        max={STEPS}
        value={Math.round((at / lengthNs) * STEPS)}
        aria-label={t.momentShown}
        aria-valuetext={formatDuration(at)}
        onChange={(event) => {
          const step = Number(event.target.value);
          playback.seek(step >= STEPS ? null : (step / STEPS) * lengthNs);
        }}
      />
      <span className={styles.moment}>{formatDuration(at)}</span>
      <select value={speed} aria-label={t.speed} onChange={(event) => playback.setSpeed(Number(event.target.value))}>
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {each}×
          </option>
        ))}
      </select>
    </div>
  );
}
