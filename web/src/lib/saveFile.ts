// Gives the browser a file to save.

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Not at once: the browser has still to take it.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
