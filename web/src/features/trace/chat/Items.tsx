// What a turn holds, each kind in its own form; what is not known as tidy JSON where it stood.
import { IconShieldCheck } from "@tabler/icons-react";
import { Fold } from "@/components/Fold";
import { JsonTree } from "@/components/JsonTree";
import { Markdown } from "@/components/Markdown";
import { useSpeech } from "@/lib/i18n/language";
import type { Item } from "@/model/conversation";
import styles from "./Chat.module.css";
import { Citations } from "./Citations";
import { Media } from "./Media";
import { Reasoning } from "./Reasoning";
import { ToolExchange } from "./ToolExchange";
import { ToolResponse } from "./ToolResponse";

export function Items({ items }: { items: readonly Item[] }) {
  // The order of a message's items never changes: their place is their key.
  return items.map((item, i) => <OneItem key={i} item={item} />);
}

function OneItem({ item }: { item: Item }) {
  const { t } = useSpeech();
  switch (item.kind) {
    case "text":
      return (
        <>
          {item.isGuarded && <span className={styles.guarded} data-tip={t.guardedHover}><IconShieldCheck size={13} stroke={1.7} aria-hidden /> {t.guarded}</span>}
          <Markdown text={item.text} />
          {item.citations.length > 0 && <Citations citations={item.citations} />}
        </>
      );
    case "cachePoint":
      return <p className={styles.cachePoint} data-tip={t.cachePointHover}>{t.cachePoint}</p>;
    case "reasoning":
      return <Reasoning text={item.text} isRedacted={item.isRedacted} />;
    case "call":
      return <ToolExchange call={item.call} result={item.result} />;
    case "result":
      return (
        <Fold label={<span className={styles.faint}>{t.orphanResult}</span>} isOpenAtFirst>
          <div className={styles.unfolded}>
            <ToolResponse result={item.result} />
          </div>
        </Fold>
      );
    case "media":
      return <Media media={item.media} />;
    case "unknown":
      return (
        <div className={styles.unknown} data-tip={t.unknownPart}>
          <JsonTree value={item.value} />
        </div>
      );
  }
}
