// An address that means nothing here.
import { Link } from "@tanstack/react-router";
import { useSpeech } from "@/lib/i18n/language";

export function NotFound() {
  const { t } = useSpeech();
  return (
    <div style={{ padding: 24 }}>
      <h1 style={{ fontSize: 15, paddingBottom: 8 }}>{t.notFound}</h1>
      <p>
        <Link to="/traces">{t.toTraces}</Link>
      </p>
    </div>
  );
}
