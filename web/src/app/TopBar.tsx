// The top bar: which experiment, and how the page looks and speaks.
import { Menu, Select, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSearch, IconSelector, IconSun, IconUser, type Icon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMatchRoute, useNavigate, useSearch } from "@tanstack/react-router";
import { signOut } from "@/api/client";
import { experimentsQuery, sessionQuery } from "@/api/queries";
import { IconButton } from "@/components/IconButton";
import type { Language } from "@/lib/i18n/dictionary";
import { useSpeech } from "@/lib/i18n/language";
import styles from "./Frame.module.css";

const PALETTE_KEYS = /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘K" : "Ctrl K";

export function TopBar({ onPalette }: { onPalette: () => void }) {
  const { t } = useSpeech();
  return (
    <header className={styles.bar}>
      <ExperimentSelect />
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

function ExperimentSelect() {
  const { t } = useSpeech();
  const { data } = useQuery(experimentsQuery);
  const { experiment } = useSearch({ from: "__root__" });
  const navigate = useNavigate();
  const matches = useMatchRoute();
  const here = (["/overview", "/sessions"] as const).find((to) => matches({ to }) !== false);
  const offered = (data ?? []).filter(({ isArchived }) => !isArchived).map(({ name }) => name);
  const names = new Set([...offered, ...(experiment === undefined ? [] : [experiment])]);
  return (
    <Select
      className={styles.experiment}
      classNames={{ input: styles.experimentInput ?? "" }}
      aria-label={t.experiment}
      placeholder={t.allExperiments}
      data={[{ value: "", label: t.allExperiments }, ...[...names].map((name) => ({ value: name, label: name }))]}
      value={experiment ?? ""}
      onChange={(name) => {
        // The field gives up the focus, so that the keys of the list work at once.
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        const search = name ? { experiment: name } : {};
        // Numbers and sessions stay so, of another experiment; everywhere else one wants to see its traces.
        void navigate({ to: here ?? "/traces", search });
      }}
      searchable
      nothingFoundMessage={t.noExperimentFound}
      rightSection={<IconSelector size={14} stroke={1.6} />}
      rightSectionPointerEvents="none"
      withCheckIcon={false}
      maxDropdownHeight={360}
      comboboxProps={{ portalProps: { target: "#main" }, width: 280, position: "bottom-start", transitionProps: { duration: 0 }, shadow: "none" }}
    />
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
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={t.theme}>
          <Current size={17} stroke={1.6} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {SCHEMES.map(({ scheme, word }) => (
            <Menu.RadioItem key={scheme} value={scheme} closeMenuOnClick>
              {t[word]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "en", name: "English" },
  { code: "ja", name: "日本語" },
];

function LanguageMenu() {
  const { t, language, setLanguage } = useSpeech();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={t.language}>
          <IconLanguage size={17} stroke={1.6} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={language} onChange={(value) => setLanguage(value as Language)}>
          {LANGUAGES.map(({ code, name }) => (
            <Menu.RadioItem key={code} value={code} lang={code} closeMenuOnClick>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
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
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={t.signedInAs(data.name)}>
          <IconUser size={17} stroke={1.6} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {data.name} · {data.role}
        </Menu.Label>
        <Menu.Item onClick={leave}>{t.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
