import { expect, test } from "vitest";
import { en } from "@/lib/i18n/en";
import { ja } from "@/lib/i18n/ja";
import { initialLanguage } from "@/lib/i18n/language";

test("the tabs keep their names: browser tests find them by these", () => {
  expect([en.chat, en.inputsOutputs, en.events, en.attributes]).toEqual(["Chat", "Inputs / Outputs", "Events", "Attributes"]);
});

test("both languages have every key, and none is empty", () => {
  expect(Object.keys(ja).sort()).toEqual(Object.keys(en).sort());
  expect(Object.keys(ja.outcomes).sort()).toEqual(Object.keys(en.outcomes).sort());
  for (const words of Object.values({ ...en, ...ja })) expect(words).toBeTruthy();
});

test("the language is the kept one, else the browser's, else English", () => {
  expect(initialLanguage("ja", "en-GB")).toBe("ja");
  expect(initialLanguage(null, "ja-JP")).toBe("ja");
  expect(initialLanguage("xx", "fr-FR")).toBe("en");
});
