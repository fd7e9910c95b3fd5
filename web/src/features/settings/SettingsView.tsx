// Settings.
export function SettingsView() {
  return null;
}
