// The top bar: which experiment, and how the page looks and speaks.
import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSearch, IconSun, IconUser, type Icon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { signOut } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { IconButton } from "@/components/IconButton";
import { MenuButton } from "@/components/MenuButton";
import type { Language } from "@/lib/i18n/dictionary";
import { useSpeech } from "@/lib/i18n/language";
import { ExperimentField } from "./ExperimentField";
import styles from "./Frame.module.css";

const PALETTE_KEYS = /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘K" : "Ctrl K";

export function TopBar({ onPalette }: { onPalette: () => void }) {
  const { t } = useSpeech();
  return (
    <header className={styles.bar}>
      <ExperimentField />
      <span className={styles.space} />
      <button type="button" className={styles.palette} aria-label={`${t.palette}, ${PALETTE_KEYS}`} data-tip={t.palette} onClick={onPalette}>
        <IconSearch size={15} stroke={1.7} aria-hidden />
        <kbd>{PALETTE_KEYS}</kbd>
      </button>
      <LanguageMenu />
      <ThemeMenu />
      <AccountMenu />
    </header>
  );
}

const SCHEMES: readonly { scheme: MantineColorScheme; icon: Icon; word: "themeLight" | "themeDark" | "themeAuto" }[] = [
  { scheme: "light", icon: IconSun, word: "themeLight" },
  { scheme: "dark", icon: IconMoon, word: "themeDark" },
  { scheme: "auto", icon: IconDeviceDesktop, word: "themeAuto" },
];

function ThemeMenu() {
  const { t } = useSpeech();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(({ scheme }) => scheme === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <MenuButton
      button={
        <IconButton label={t.theme}>
          <Current size={17} stroke={1.6} />
        </IconButton>
      }
      entries={[
        {
          kind: "choices",
          value: colorScheme,
          choices: SCHEMES.map(({ scheme, word }) => ({ value: scheme, label: t[word] })),
          onChoose: (value) => setColorScheme(value as MantineColorScheme),
        },
      ]}
    />
  );
}

const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "en", name: "English" },
  { code: "ja", name: "日本語" },
];

function LanguageMenu() {
  const { t, language, setLanguage } = useSpeech();
  return (
    <MenuButton
      button={
        <IconButton label={t.language}>
          <IconLanguage size={17} stroke={1.6} />
        </IconButton>
      }
      entries={[
        {
          kind: "choices",
          value: language,
          choices: LANGUAGES.map(({ code, name }) => ({ value: code, label: name, lang: code })),
          onChoose: (value) => setLanguage(value as Language),
        },
      ]}
    />
  );
}

/** Only for those who signed in: a server that asks nobody has no accounts to show. */
function AccountMenu() {
  const { t } = useSpeech();
  const { data } = useQuery(sessionQuery);
  if (!data?.has_session) return null;
  const leave = () => {
    // Were the server away, the sign-in page says so, and offers the way out again.
    const toSignIn = () => window.location.assign("/sign-in");
    signOut().then(toSignIn, toSignIn);
  };
  return (
    <MenuButton
      button={
        <IconButton label={t.signedInAs(data.name)}>
          <IconUser size={17} stroke={1.6} />
        </IconButton>
      }
      entries={[
        { kind: "heading", text: `${data.name} · ${data.role}` },
        { kind: "item", label: t.signOut, onClick: leave },
      ]}
    />
  );
}
