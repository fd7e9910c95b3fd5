// The page's words lie in parts that are spread into one; of two entries of one key the later would win silently.
import { expect, test } from "vitest";

const PARTS = import.meta.glob<Record<string, Record<string, unknown>>>("../../src/lib/i18n/*.*.ts", { eager: true });

const keysIn = (language: string): string[] =>
  Object.entries(PARTS)
    .filter(([path]) => path.includes(`/${language}.`))
    .flatMap(([, part]) => Object.values(part).flatMap((words) => Object.keys(words)));

test.each(["en", "ja"])("no key stands in two parts of %s", (language) => {
  const keys = keysIn(language);
  expect(keys.length).toBeGreaterThan(300);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});
