// The moment that is shown of a stream: all of it, a moment that was chosen, or one that moves on as it did in truth.
import { useEffect, useState } from "react";

export interface Playback {
  /** Nanoseconds since the span's start; null shows all of it. */
  atNs: number | null;
  isPlaying: boolean;
  speed: number;
  play: () => void;
  pause: () => void;
  seek: (ns: number | null) => void;
  setSpeed: (speed: number) => void;
}

interface State {
  atNs: number | null;
  isPlaying: boolean;
}

export function usePlayback(lengthNs: number): Playback {
  const [{ atNs, isPlaying }, setState] = useState<State>({ atNs: null, isPlaying: false });
  const [speed, setSpeed] = useState(1);
  useEffect(() => {
    if (!isPlaying) return;
    let before: number | null = null;
    let frame = 0;
    const tick = (nowMs: number) => {
      const passedNs = before === null ? 0 : (nowMs - before) * 1e6 * speed;
      before = nowMs;
      setState((state) => {
        const next = (state.atNs ?? 0) + passedNs;
        return next >= lengthNs ? { atNs: null, isPlaying: false } : { ...state, atNs: next };
      });
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, speed, lengthNs]);
  return {
    atNs,
    isPlaying,
    speed,
    play: () => setState({ atNs: atNs ?? 0, isPlaying: true }),
    pause: () => setState({ atNs, isPlaying: false }),
    seek: (ns) => setState({ atNs: ns, isPlaying: false }),
    setSpeed,
  };
}
