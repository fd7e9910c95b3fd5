// What the view of a trace says, in English; a part of en.ts.

const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

export const enTrace = {
  // Tree and waterfall
  findSpans: "Find spans",
  findSpansHint: "Name, type, model or error",
  nextMatch: "Next match",
  previousMatch: "Previous match",
  matchOf: (at: string, all: string): string => `${at} of ${all}`,
  noSpanMatches: "None",
  clearSearch: "Clear the search",
  criticalPath: "Critical path",
  criticalPathHover: "Show what the trace's time went to: the spans that everything waited for",
  onCriticalPath: (time: string): string => `${time} on the critical path`,
  hiddenBelow: (n: string): string => `${n} folded`,
  failedBelow: (n: number, text: string): string => `${text} failed ${plural(n, "span", "spans")} folded in here`,
  wholeTime: "Show the whole time",
  minimap: "The whole trace: draw over it to zoom, move the frame to pan",
  loadingSpans: "Loading all spans",
  foldSpan: "Fold",
  unfoldSpan: "Unfold",
  whatSpans: "all spans of this trace",
  keyZoom: "Zoom in, out, whole; to the span",
  keyPan: "Move in time",
  keyError: "Next error",
};
