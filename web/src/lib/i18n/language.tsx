// The language that the page speaks: kept in the browser, else the browser's own.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { keepChoice, readChoice } from "../storage";
import type { Dictionary, Language } from "./dictionary";
import { en } from "./en";
import { ja } from "./ja";

const DICTIONARIES: Record<Language, Dictionary> = { en, ja };

interface Speech {
  t: Dictionary;
  language: Language;
  setLanguage: (language: Language) => void;
}

const SpeechContext = createContext<Speech>({ t: en, language: "en", setLanguage: () => undefined });

export function initialLanguage(kept: string | null, browser: string): Language {
  if (kept === "en" || kept === "ja") return kept;
  return browser.toLowerCase().startsWith("ja") ? "ja" : "en";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(() => initialLanguage(readChoice("language"), navigator.language));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      t: DICTIONARIES[language],
      language,
      setLanguage: (next) => {
        keepChoice("language", next);
        setLanguage(next);
      },
    }),
    [language],
  );
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

/** The dictionary, and the language as a locale for numbers and dates. */
export function useSpeech(): Speech {
  return useContext(SpeechContext);
}
