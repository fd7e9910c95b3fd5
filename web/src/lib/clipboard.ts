// Puts a text into the clipboard.

/** The clipboard is refused on plain-http origins other than loopback; there a hidden field helps. */
export async function writeClipboard(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way left without a secure context
    document.execCommand("copy");
    field.remove();
  }
}
