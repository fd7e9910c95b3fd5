// Small choices kept in the browser (language, widths). Storage may be refused; then nothing is kept.

export function readChoice(key: string): string | null {
  try {
    return window.localStorage.getItem(`outcrop.${key}`);
  } catch {
    return null;
  }
}

export function keepChoice(key: string, value: string): void {
  try {
    window.localStorage.setItem(`outcrop.${key}`, value);
  } catch {
    // Private windows and full disks: the choice lasts as long as the page.
  }
}
