// Makes a token, and shows it once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { experimentsQuery } from "@/api/queries";
import { createToken, type NewToken } from "@/api/settings";
import { CopyButton } from "@/components/CopyButton";
import { Dialog, Field } from "@/components/Dialog";
import { Window } from "@/components/Window";
import { useSpeech } from "@/lib/i18n/language";
import { readWhole } from "@/model/limits";
import styles from "./Settings.module.css";

const ROLES = ["write", "read", "admin"] as const;

interface Props {
  /** Until now the server asks nobody: with its first token it does. */
  closesServer: boolean;
  onClose: () => void;
}

export function TokenDialog({ closesServer, onClose }: Props) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const { data: experiments = [] } = useQuery(experimentsQuery);
  const [name, setName] = useState("");
  // The first one has to be an admin's, or nobody could make the second.
  const [role, setRole] = useState<NewToken["role"]>(closesServer ? "admin" : "write");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [days, setDays] = useState("");
  const wantedDays = readWhole(days);
  const making = useMutation({
    mutationFn: () =>
      createToken({ name: name.trim(), role, experiments: [...chosen], expires_in_days: wantedDays ?? null, requests_per_minute: null }),
    // Of a server that asks for tokens from now on nothing can be asked any more before one has signed in.
    onSuccess: () => (closesServer ? undefined : client.invalidateQueries({ queryKey: ["tokens"] })),
  });
  if (making.data) return <ShownOnce token={making.data.token} mustSignIn={closesServer} onClose={onClose} />;
  return (
    <Dialog title={t.newToken} isOpen onClose={onClose} action={t.makeToken} isReady={name.trim() !== "" && wantedDays !== undefined} isBusy={making.isPending} error={making.error} onDo={() => making.mutate()}>
      {closesServer && <p className={styles.warning}>{t.firstTokenWarning}</p>}
      <Field label={t.name} hint={t.tokenNameHint}>
        <input data-autofocus value={name} maxLength={500} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t.role} hint={t.roleHints[role]}>
        <select value={role} onChange={(event) => setRole(ROLES.find((each) => each === event.target.value) ?? "write")}>
          {ROLES.map((each) => (
            <option key={each} value={each}>{t.roles[each]}</option>
          ))}
        </select>
      </Field>
      {experiments.length > 0 && (
        <Field label={t.experiments} hint={t.tokenExperimentsHint}>
          <select multiple size={Math.min(experiments.length, 5)} value={chosen} onChange={(event) => setChosen([...event.target.selectedOptions].map(({ value }) => value))}>
            {experiments.map((each) => (
              <option key={each.id} value={each.name}>{each.name}</option>
            ))}
          </select>
        </Field>
      )}
      <Field label={t.expiresInDays} hint={wantedDays === undefined ? t.wrongWhole : t.emptyForNever}>
        <input value={days} inputMode="numeric" aria-invalid={wantedDays === undefined} autoComplete="off" onChange={(event) => setDays(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function ShownOnce({ token, mustSignIn, onClose }: { token: string; mustSignIn: boolean; onClose: () => void }) {
  const { t } = useSpeech();
  // A click beside it must not take it away.
  return (
    <Window title={t.tokenIsMade} isOpen onClose={onClose} size={520} isFirm>
      <p>{t.tokenOnce}</p>
      <div className={styles.token}>
        <code>{token}</code>
        <CopyButton text={token} />
      </div>
      <p className={styles.faint}>{t.tokenUse}</p>
      <div className={styles.end}>
        {mustSignIn ? <a className={styles.plain} href="/sign-in?next=/settings">{t.signInNow}</a> : (
          <button type="button" className={styles.plain} onClick={onClose}>{t.tokenKept}</button>
        )}
      </div>
    </Window>
  );
}
