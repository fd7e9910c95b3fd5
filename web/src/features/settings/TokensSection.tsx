// Access tokens: those that open the server, making one, which is shown this once, and revoking one for good.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { revokeToken, tokensQuery, type AccessToken } from "@/api/settings";
import { Dialog } from "@/components/Dialog";
import { Failure } from "@/components/Failure";
import { Ago } from "@/components/Quantity";
import { SkeletonRows } from "@/components/Skeleton";
import { useSpeech } from "@/lib/i18n/language";
import { useNow } from "@/lib/useNow";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { TokenDialog } from "./TokenDialog";

interface Props {
  isAdmin: boolean;
  isScoped: boolean;
  /** The server asks nobody for a token. */
  isAnonymous: boolean;
}

export function TokensSection({ isAdmin, isScoped, isAnonymous }: Props) {
  const { t } = useSpeech();
  const mayManage = isAdmin && !isScoped;
  const { data, error, refetch } = useQuery({ ...tokensQuery, enabled: mayManage });
  const [isMaking, setIsMaking] = useState(false);
  const [revoked, setRevoked] = useState<AccessToken | null>(null);
  const [hasOld, setHasOld] = useState(false);
  const nowMs = useNow(30_000);
  if (!mayManage) return <Section title={t.tokensTitle} lead={isAdmin ? t.tokensScoped : t.tokensNotAllowed}>{null}</Section>;
  const isLive = ({ revoked_at_ns: gone, expires_at_ns: end }: AccessToken) => gone === null && (end === null || Number(BigInt(end) / 1_000_000n) > nowMs);
  const live = data?.filter(isLive) ?? [];
  const old = data?.filter((token) => !isLive(token)) ?? [];
  const make = (
    <button type="button" className={styles.plain} onClick={() => setIsMaking(true)}>
      <IconPlus size={15} stroke={1.8} aria-hidden />
      {t.newToken}
    </button>
  );
  return (
    <Section title={t.tokensTitle} lead={isAnonymous && live.length === 0 ? t.tokensNone : t.tokensLead} aside={make}>
      {error && <Failure what={t.whatTokens} error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} height={32} widths={[20, 10, 20]} />}
      {live.length > 0 && <TokenTable tokens={live} nowMs={nowMs} onRevoke={setRevoked} />}
      {old.length > 0 && (
        <button type="button" className={styles.plain} aria-expanded={hasOld} onClick={() => setHasOld(!hasOld)}>
          {t.oldTokens(old.length)}
        </button>
      )}
      {hasOld && <TokenTable tokens={old} nowMs={nowMs} onRevoke={null} />}
      {isMaking && <TokenDialog closesServer={isAnonymous} onClose={() => setIsMaking(false)} />}
      {revoked && <RevokeDialog token={revoked} onClose={() => setRevoked(null)} />}
    </Section>
  );
}

interface TableProps {
  tokens: readonly AccessToken[];
  nowMs: number;
  onRevoke: ((token: AccessToken) => void) | null;
}

function TokenTable({ tokens, nowMs, onRevoke }: TableProps) {
  const { t } = useSpeech();
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={onRevoke ? t.tokensTitle : t.oldTokens(tokens.length)}>
      <table className={styles.table} aria-label={onRevoke ? t.tokensTitle : t.oldTokens(tokens.length)}>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.role}</th>
            <th scope="col">{t.experiments}</th>
            <th scope="col">{t.lastUsed}</th>
            <th scope="col">{onRevoke ? t.expires : t.revokedWord}</th>
            {onRevoke && <td />}
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.token_id}>
              <th scope="row" data-tip={t.tokenMade(token.token_id, token.created_by)}>{token.name}</th>
              <td>{t.roles[token.role]}</td>
              <td>{token.experiments === null ? t.allOfThem : token.experiments.join(", ")}</td>
              <td><Moment ns={token.last_used_at_ns} none={t.neverUsed} nowMs={nowMs} /></td>
              <td><Moment ns={onRevoke ? token.expires_at_ns : (token.revoked_at_ns ?? token.expires_at_ns)} none={t.neverExpires} nowMs={nowMs} /></td>
              {onRevoke && (
                <td className={styles.number}>
                  <button type="button" className={styles.danger} aria-label={t.revokeToken(token.name)} onClick={() => onRevoke(token)}>{t.revoke}</button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Moment({ ns, none, nowMs }: { ns: string | null; none: string; nowMs: number }) {
  const { language } = useSpeech();
  if (ns === null) return <span className={styles.faint}>{none}</span>;
  const isAhead = Number(BigInt(ns) / 1_000_000n) > nowMs;
  if (!isAhead) return <Ago ns={BigInt(ns)} nowMs={nowMs} />;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(Number(BigInt(ns) / 1_000_000n));
}

function RevokeDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const revoking = useMutation({
    mutationFn: () => revokeToken(token.token_id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["tokens"] });
      onClose();
    },
  });
  return (
    <Dialog title={t.revokeToken(token.name)} isOpen onClose={onClose} action={t.revoke} isDanger isBusy={revoking.isPending} error={revoking.error} onDo={() => revoking.mutate()}>
      <p>{t.revokeWarning}</p>
    </Dialog>
  );
}
