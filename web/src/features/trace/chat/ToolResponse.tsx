// What a tool gave back: text, JSON, or parts such as images.
import { JsonTree } from "@/components/JsonTree";
import { Markdown } from "@/components/Markdown";
import { cx } from "@/lib/cx";
import { plainResponse, responseItems, type ToolResult } from "@/model/conversation";
import styles from "./Chat.module.css";
import { Items } from "./Items";

export function ToolResponse({ result }: { result: ToolResult }) {
  const plain = plainResponse(result.response);
  const items = typeof plain === "string" ? null : responseItems(plain);
  return (
    <div className={cx(result.isFailure && styles.failure)}>
      {typeof plain === "string" ? <Markdown text={plain} /> : items ? <Items items={items} /> : <JsonTree value={plain} />}
    </div>
  );
}
