// Traces or spans side by side.
export function CompareView() {
  return null;
}
