// Text as a reader expects it: markdown, or JSON as a tree. Raw HTML is never rendered, and pictures
// are shown as links: nothing that a model writes makes the page ask another host for anything.
import { lazy, Suspense, useMemo, useState } from "react";
import { formatCount } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { parseJsonText } from "@/lib/json";
import { JsonTree } from "./JsonTree";
import styles from "./Markdown.module.css";

const load = () => import("./MarkdownRendered");
const Rendered = lazy(load);
// Fetched along with the view, so that the first text does not change its form as it is read.
void load();

const MUCH = 6000;
// Parsing more than this as markdown would hold the page up; it is shown as it came.
const TOO_MUCH = 60_000;

export function Markdown({ text }: { text: string }) {
  const { t, language } = useSpeech();
  const [isWhole, setIsWhole] = useState(false);
  const json = useMemo(() => (text.length < 500_000 ? parseJsonText(text) : undefined), [text]);
  if (json !== undefined) return <JsonTree value={json} />;
  const isCut = text.length > MUCH * 1.5 && !isWhole;
  const shown = isCut ? text.slice(0, MUCH) : text;
  return (
    <div className={styles.text}>
      {shown.length > TOO_MUCH ? (
        <div className={styles.plain}>{shown}</div>
      ) : (
        <Suspense fallback={<div className={styles.plain}>{shown}</div>}>
          <Rendered text={shown} />
        </Suspense>
      )}
      {isCut && (
        <button type="button" className={styles.more} onClick={() => setIsWhole(true)}>
          {t.showAll} ({formatCount(text.length, language)})
        </button>
      )}
    </div>
  );
}
