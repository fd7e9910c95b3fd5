// Saved views: choose one, keep what the list shows as one, rename and delete it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconBookmark, IconBookmarkFilled } from "@tabler/icons-react";
import { useState } from "react";
import { sessionQuery } from "@/api/queries";
import { createView, deleteView, replaceView, type NewView } from "@/api/views";
import { Dialog, Field } from "@/components/Dialog";
import { MenuButton, type MenuEntry } from "@/components/MenuButton";
import { useSpeech } from "@/lib/i18n/language";
import { defined, type ListSearch } from "@/model/address";
import { choiceOf, isEdited, searchOf, type SavedView } from "@/model/savedView";
import styles from "./ListHead.module.css";
import type { Change } from "./useListAsk";
import type { ListLayout } from "./useLayout";

interface Props {
  search: ListSearch;
  layout: ListLayout;
  onChange: (change: Change) => void;
}

type Asking = "save" | "rename" | "delete" | null;

export function ViewsMenu({ search, layout: { layout, view, views, setLayout }, onChange }: Props) {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const [asking, setAsking] = useState<Asking>(null);
  const { experiment } = search;
  // Of this experiment, and those of all of them.
  const fitting = views.filter(({ choice }) => experiment === undefined || choice.experiment === undefined || choice.experiment === experiment);
  const edited = view !== undefined && isEdited(view, search, layout);
  const mayChange = view !== undefined && (session?.role === "admin" || session?.name === view.author);
  const now = (name: string): NewView => ({ name, choice: choiceOf(search), layout });
  const saving = useViews((saved) => {
    setAsking(null);
    onChange({ view: saved?.id });
    // The view says it now.
    if (saved) setLayout(saved.layout);
  });
  const choose = (chosen: SavedView | undefined) => {
    if (!chosen) return;
    if (chosen.id === view?.id) setLayout(chosen.layout);
    void navigate({ to: "/traces", search: searchOf(chosen) });
  };
  const entries: readonly MenuEntry[] = [
    fitting.length === 0
      ? { kind: "heading", text: t.noViews }
      : {
          kind: "choices",
          value: view?.id ?? "",
          choices: fitting.map(({ id, name, choice, author }) => ({ value: id, label: name, tip: [choice.filter, t.viewBy(author)].filter(Boolean).join("\n") })),
          // The one that is chosen already, too: it takes back what was edited.
          onChoose: (id) => choose(fitting.find((each) => each.id === id)),
        },
    { kind: "line" },
    ...(view && edited && mayChange ? [item(t.saveView(view.name), () => saving.mutate(() => replaceView(view.id, now(view.name))))] : []),
    item(t.saveAsView, () => setAsking("save")),
    ...(view && mayChange ? [item(t.renameView(view.name), () => setAsking("rename")), item(t.deleteView(view.name), () => setAsking("delete"))] : []),
    ...(view ? [item(t.leaveView, () => void navigate({ to: "/traces", search: defined<ListSearch>({ experiment }) }))] : []),
  ];
  return (
    <>
      <MenuButton
        width={260}
        button={
          <button type="button" className={styles.button} data-on={view !== undefined || undefined} aria-label={`${t.views}: ${view?.name ?? t.noView}`} data-tip={t.viewsHover}>
            {view ? <IconBookmarkFilled size={15} aria-hidden /> : <IconBookmark size={15} stroke={1.6} aria-hidden />}
            <span className={styles.word}>{view ? `${view.name}${edited ? ` · ${t.edited}` : ""}` : t.views}</span>
          </button>
        }
        entries={entries}
      />
      <NameDialog
        key={asking}
        title={asking === "rename" ? t.renameView(view?.name ?? "") : t.saveAsView}
        given={asking === "rename" ? (view?.name ?? "") : ""}
        isOpen={asking === "save" || asking === "rename"}
        isBusy={saving.isPending}
        error={saving.error}
        onClose={() => setAsking(null)}
        onName={(name) =>
          saving.mutate(() =>
            asking === "rename" && view ? replaceView(view.id, { name, choice: view.choice, layout: view.layout }) : createView(now(name)),
          )
        }
      />
      <Dialog
        title={t.deleteView(view?.name ?? "")}
        isOpen={asking === "delete"}
        onClose={() => setAsking(null)}
        action={t.deleteIt}
        isDanger
        isBusy={saving.isPending}
        error={saving.error}
        onDo={() => view && saving.mutate(() => deleteView(view.id).then(() => null))}
      >
        <p>{t.deleteViewWarning}</p>
      </Dialog>
    </>
  );
}

const item = (label: string, onClick: () => void): MenuEntry => ({ kind: "item", label, onClick });

/** Changes a view; what is known of views is right when it is told. */
function useViews(onSaved: (saved: SavedView | null) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (work: () => Promise<SavedView | null>) => work(),
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["views"] });
      onSaved(saved);
    },
  });
}

interface NameProps {
  title: string;
  given: string;
  isOpen: boolean;
  isBusy: boolean;
  error: Error | null;
  onClose: () => void;
  onName: (name: string) => void;
}

function NameDialog({ title, given, onName, ...rest }: NameProps) {
  const { t } = useSpeech();
  const [name, setName] = useState(given);
  return (
    <Dialog title={title} action={t.save} isReady={name.trim() !== ""} onDo={() => onName(name.trim())} {...rest}>
      <Field label={t.name} hint={t.viewHint}>
        <input data-autofocus value={name} maxLength={500} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
    </Dialog>
  );
}
