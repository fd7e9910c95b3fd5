// The tools that the model was offered: names on one line, the called ones marked; definitions unfold.
import { IconCheck } from "@tabler/icons-react";
import { Fold } from "@/components/Fold";
import { JsonTree } from "@/components/JsonTree";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import type { ToolDefinition } from "@/model/conversation";
import styles from "./Chat.module.css";
import { Line } from "./Line";

interface Props {
  tools: readonly ToolDefinition[];
  called: ReadonlySet<string>;
}

export function ToolDefinitions({ tools, called }: Props) {
  const { t } = useSpeech();
  return (
    <Line role={t.tools} isPlainRole isAside>
      <Fold label={<Names tools={tools} called={called} />}>
        <ul className={styles.definitions}>
          {tools.map((tool, i) => (
            <li key={i}>
              <Definition tool={tool} isCalled={called.has(tool.name)} />
            </li>
          ))}
        </ul>
      </Fold>
    </Line>
  );
}

function Names({ tools, called }: Props) {
  const { t } = useSpeech();
  return (
    <span className={styles.names} aria-label={t.toolsOffered(tools.length)}>
      {tools.map((tool, i) => (
        <span key={i} className={cx(called.has(tool.name) && styles.called)} data-tip={tool.description ?? undefined}>
          {tool.name}
          {called.has(tool.name) && <IconCheck size={12} stroke={2.2} aria-label={t.called} />}
        </span>
      ))}
    </span>
  );
}

function Definition({ tool, isCalled }: { tool: ToolDefinition; isCalled: boolean }) {
  const { t } = useSpeech();
  return (
    <>
      <p>
        <b className={cx(isCalled && styles.called)}>{tool.name}</b> {isCalled && <span className={styles.faint}>{t.called}</span>}
      </p>
      {tool.description !== null && <p className={styles.description}>{tool.description}</p>}
      {tool.parameters !== null && tool.parameters !== undefined && <JsonTree value={tool.parameters} />}
    </>
  );
}
