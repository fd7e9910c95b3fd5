// What jsdom lacks: sizes, media queries and scrolling, so that virtual rows have a window to fill.
import { afterEach, vi } from "vitest";

const HEIGHT = 600;

class NoObserver {
  observe(): void {
    // Nothing changes its size in jsdom.
  }
  unobserve(): void {
    // As above.
  }
  disconnect(): void {
    // As above.
  }
}

if (typeof window !== "undefined") {
  const sizes = { offsetHeight: HEIGHT, clientHeight: HEIGHT, offsetWidth: 800, clientWidth: 800 };
  for (const [name, size] of Object.entries(sizes)) Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
  Element.prototype.scrollTo = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  window.scrollTo = () => undefined;
  window.matchMedia = (query) =>
    ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;
  window.ResizeObserver = NoObserver;
  // A busy machine takes longer than the library's one second to draw the first page.
  const { configure } = await import("@testing-library/react");
  configure({ asyncUtilTimeout: 20_000 });
}

afterEach(async () => {
  vi.useRealTimers();
  if (typeof window === "undefined") return;
  const { cleanup } = await import("@testing-library/react");
  cleanup();
  window.localStorage.clear();
  window.sessionStorage.clear();
});
