// Small choices kept in the browser (language, widths), or in one tab. Storage may be refused; then nothing is.

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

export function readForTab(key: string): string | null {
  try {
    return window.sessionStorage.getItem(`outcrop.${key}`);
  } catch {
    return null;
  }
}

export function keepForTab(key: string, value: string): void {
  try {
    window.sessionStorage.setItem(`outcrop.${key}`, value);
  } catch {
    // As above.
  }
}
