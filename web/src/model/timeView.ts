// The part of a trace's time that is in sight: zoomed and moved. Everything is nanoseconds since the trace's start.
import type { TimeWindow } from "./timeline";

export interface TimeView {
  fromNs: number;
  toNs: number;
}

// Nobody looks for less, and a bar's place is no longer exact there.
const LEAST_NS = 1000;
// Fingers one above the other are no reason to zoom without end.
const LEAST_APART = 0.05;

export const wholeView = (window: TimeWindow): TimeView => ({ fromNs: 0, toNs: window.lengthNs });
export const isWhole = (view: TimeView, window: TimeWindow): boolean => view.fromNs <= 0 && view.toNs >= window.lengthNs;
export const lengthOf = ({ fromNs, toNs }: TimeView): number => toNs - fromNs;

/** The view as a window, which bars are placed in. */
export const windowOf = (view: TimeView, window: TimeWindow): TimeWindow => ({ startNs: window.startNs + BigInt(Math.round(view.fromNs)), lengthNs: Math.max(lengthOf(view), 1) });

/** A stretch with these ends, in any order, within the trace and not too short. */
export function stretchOf(aNs: number, bNs: number, window: TimeWindow): TimeView {
  const least = Math.min(LEAST_NS, window.lengthNs);
  const length = Math.min(Math.max(Math.abs(bNs - aNs), least), window.lengthNs);
  const fromNs = Math.min(Math.max(Math.min(aNs, bNs), 0), window.lengthNs - length);
  return { fromNs, toNs: fromNs + length };
}

/** Nearer (a factor above 1) or farther; what lies at `share` of the view stays where it is. */
export function zoomed(view: TimeView, window: TimeWindow, share: number, factor: number): TimeView {
  const at = view.fromNs + lengthOf(view) * share;
  const length = Math.min(Math.max(lengthOf(view) / factor, Math.min(LEAST_NS, window.lengthNs)), window.lengthNs);
  const from = at - length * share;
  return stretchOf(from, from + length, window);
}

/** Moved by a share of its own length; it stops at the trace's ends. */
export function panned(view: TimeView, window: TimeWindow, share: number): TimeView {
  const by = lengthOf(view) * share;
  const from = Math.min(Math.max(view.fromNs + by, 0), window.lengthNs - lengthOf(view));
  return { fromNs: from, toNs: from + lengthOf(view) };
}

/** What two fingers do that were at `before` and are at `now`, shares of the view: what was under each stays under it. */
export function pinched(view: TimeView, window: TimeWindow, before: readonly [number, number], now: readonly [number, number]): TimeView {
  const apart = (pair: readonly [number, number]): number => Math.max(Math.abs(pair[1] - pair[0]), LEAST_APART);
  const middle = (pair: readonly [number, number]): number => (pair[0] + pair[1]) / 2;
  const nearer = zoomed(view, window, middle(before), apart(now) / apart(before));
  return panned(nearer, window, middle(before) - middle(now));
}
