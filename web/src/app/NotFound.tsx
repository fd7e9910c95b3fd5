// An address that means nothing here.
import { Link } from "@tanstack/react-router";
import { useSpeech } from "@/lib/i18n/language";

export function NotFound() {
  const { t } = useSpeech();
  return (
    <div style={{ padding: 24 }}>
      <p>{t.notFound}</p>
      <p>
        <Link to="/traces">{t.toTraces}</Link>
      </p>
    </div>
  );
}
