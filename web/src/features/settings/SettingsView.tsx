// Settings: how the page looks and speaks, and what the server keeps, at which prices, and for whom.
import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import { ScrollPane } from "@/components/VirtualRows";
import type { Language } from "@/lib/i18n/dictionary";
import { useSpeech } from "@/lib/i18n/language";
import { useTitle } from "@/lib/useTitle";
import { PricesSection } from "./PricesSection";
import { RetentionSection } from "./RetentionSection";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { StoreSection } from "./StoreSection";
import { TokensSection } from "./TokensSection";

export function SettingsView() {
  const { t } = useSpeech();
  const { data: session } = useQuery(sessionQuery);
  useTitle(t.settings);
  const isAdmin = session?.role === "admin";
  const isScoped = (session?.experiments ?? null) !== null;
  return (
    <ScrollPane>
      <div className={styles.page}>
        <h1 className={styles.title}>{t.settings}</h1>
        <LooksSection />
        <StoreSection isScoped={isScoped} />
        <RetentionSection canChange={isAdmin} />
        <PricesSection />
        <TokensSection isAdmin={isAdmin} isScoped={isScoped} isAnonymous={session?.is_anonymous === true} />
      </div>
    </ScrollPane>
  );
}

const SCHEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];
const LANGUAGES: readonly (readonly [Language, string])[] = [["en", "English"], ["ja", "日本語"]];

function LooksSection() {
  const { t, language, setLanguage } = useSpeech();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const names: Record<MantineColorScheme, string> = { light: t.themeLight, dark: t.themeDark, auto: t.themeAuto };
  return (
    <Section title={t.looks} lead={t.looksLead}>
      <fieldset className={styles.choice}>
        <legend>{t.language}</legend>
        {LANGUAGES.map(([code, name]) => (
          <label key={code} lang={code}>
            <input type="radio" name="language" checked={language === code} onChange={() => setLanguage(code)} />
            {name}
          </label>
        ))}
      </fieldset>
      <fieldset className={styles.choice}>
        <legend>{t.theme}</legend>
        {SCHEMES.map((scheme) => (
          <label key={scheme}>
            <input type="radio" name="theme" checked={colorScheme === scheme} onChange={() => setColorScheme(scheme)} />
            {names[scheme]}
          </label>
        ))}
      </fieldset>
    </Section>
  );
}
