// What a guardrail found in a call, and what it did about it.
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import { readGuardrail, type Finding } from "@/model/guardrail";
import styles from "./Chat.module.css";
import { Line } from "./Line";

export function Guardrail({ outputs }: { outputs: unknown }) {
  const { t } = useSpeech();
  const report = readGuardrail(outputs);
  if (!report) return null;
  return (
    <Line role={t.guardrail} isPlainRole>
      <p>
        {report.action !== null && <code className={classOf(report.action)}>{report.action}</code>}{" "}
        {report.findings.length === 0 && <span className={styles.faint}>{t.guardrailClean}</span>}
      </p>
      {report.findings.length > 0 && (
        <table className={styles.ranked}>
          <thead>
            <tr>
              <th>{t.policyColumn}</th>
              <th>{t.foundColumn}</th>
              <th>{t.actionColumn}</th>
            </tr>
          </thead>
          <tbody>
            {report.findings.map((finding, i) => (
              <Row key={i} finding={finding} />
            ))}
          </tbody>
        </table>
      )}
    </Line>
  );
}

function Row({ finding }: { finding: Finding }) {
  const { t } = useSpeech();
  const { side, policy, what, detail, action } = finding;
  return (
    <tr>
      <td>
        {t.policies[policy]} {side !== null && <span className={styles.faint}>{t.sides[side]}</span>}
      </td>
      <td>
        {what} {detail !== null && <code>{detail}</code>}
      </td>
      <td className={cx(classOf(action))}>{action}</td>
    </tr>
  );
}

function classOf(action: string): string | undefined {
  if (/BLOCK|INTERVENED/i.test(action)) return styles.blocked;
  return /ANONYM|MASK/i.test(action) ? styles.masked : undefined;
}
