// What the palette can do: go somewhere, do something with the open trace, change how the page looks and speaks.
import { useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMatchRoute, useNavigate, useSearch } from "@tanstack/react-router";
import { experimentsQuery, traceQuery } from "@/api/queries";
import { exportTraces } from "@/api/several";
import { viewsQuery } from "@/api/views";
import { writeClipboard } from "@/lib/clipboard";
import { useSpeech } from "@/lib/i18n/language";
import { saveFile } from "@/lib/saveFile";
import { defined, type ListSearch } from "@/model/address";
import { writeItem } from "@/model/compareItems";
import { quote } from "@/model/filterFields";
import { traceIdIn, type Command } from "@/model/palette";
import { searchOf } from "@/model/savedView";

interface Commands {
  /** What was typed means itself. */
  first: readonly Command[];
  always: readonly Command[];
  /** What can be done with any words. */
  last: readonly Command[];
}

export function useCommands(typed: string, onKeys: () => void): Commands {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const { experiment } = useSearch({ from: "__root__" });
  const own = defined<{ experiment?: string }>({ experiment });
  const places = usePlaces();
  const looks = useLooks();
  const trace = useTraceCommands();
  const id = traceIdIn(typed);
  const words = typed.trim();
  const open: Command[] = id === null ? [] : [
    { id: "open", group: t.traces, name: t.openTrace(id), run: () => void navigate({ to: "/traces/$traceId", params: { traceId: id }, search: own }) },
  ];
  const search: Command[] = id !== null || words === "" ? [] : [
    {
      id: "search",
      group: t.traces,
      name: t.searchFor(words),
      run: () => void navigate({ to: "/traces", search: { ...own, filter: `"${words.replaceAll('"', " ")}"` } }),
    },
  ];
  const keys: Command = { id: "keys", group: t.page, name: t.keys, hint: "?", run: onKeys };
  return { first: open, always: [...trace, ...places, ...looks, keys], last: search };
}

function usePlaces(): Command[] {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const { experiment } = useSearch({ from: "__root__" });
  const { data: experiments = [] } = useQuery(experimentsQuery);
  const { data: views = [] } = useQuery(viewsQuery);
  const own = defined<{ experiment?: string }>({ experiment });
  const go = (to: "/traces" | "/sessions" | "/overview" | "/experiments" | "/settings", name: string, key: string): Command => ({
    id: `go-${key}`,
    group: t.goTo,
    name,
    hint: `g ${key}`,
    run: () => void navigate({ to, search: own }),
  });
  return [
    go("/traces", t.traces, "t"),
    go("/sessions", t.sessions, "s"),
    go("/overview", t.overview, "o"),
    go("/experiments", t.experiments, "e"),
    go("/settings", t.settings, ","),
    ...views.map((view): Command => ({
      id: view.id,
      group: t.views,
      name: view.name,
      hint: [view.choice.experiment, view.choice.filter].filter(Boolean).join(" · "),
      run: () => void navigate({ to: "/traces", search: searchOf(view) }),
    })),
    { id: "all", group: t.experiments, name: t.allExperiments, run: () => void navigate({ to: "/traces", search: {} }) },
    ...experiments.filter(({ isArchived }) => !isArchived).map(({ id, name }): Command => ({
      id: `experiment-${id}`,
      group: t.experiments,
      name,
      run: () => void navigate({ to: "/traces", search: { experiment: name } }),
    })),
  ];
}

function useLooks(): Command[] {
  const { t, setLanguage } = useSpeech();
  const { setColorScheme } = useMantineColorScheme();
  return [
    ...([["light", t.themeLight], ["dark", t.themeDark], ["auto", t.themeAuto]] as const).map(([scheme, name]): Command => ({
      id: `theme-${scheme}`,
      group: t.page,
      name: `${t.theme}: ${name}`,
      hint: `theme ${scheme}`,
      run: () => setColorScheme(scheme),
    })),
    { id: "en", group: t.page, name: `${t.language}: English`, hint: "language", run: () => setLanguage("en") },
    { id: "ja", group: t.page, name: `${t.language}: 日本語`, hint: "language Japanese", run: () => setLanguage("ja") },
  ];
}

/** What can be done with the trace that is open. */
function useTraceCommands(): Command[] {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const client = useQueryClient();
  const matched = useMatchRoute()({ to: "/traces/$traceId" });
  const { experiment, span } = useSearch({ strict: false });
  if (matched === false) return [];
  const { traceId } = matched;
  const row = client.getQueryData(traceQuery(traceId).queryKey)?.row;
  const own = defined<{ experiment?: string }>({ experiment });
  const of = (id: string, name: string, run: () => void): Command => ({ id: `trace-${id}`, group: t.thisTrace, name, run });
  const list = (filter: string) => () => void navigate({ to: "/traces", search: { ...own, filter } satisfies ListSearch });
  const compare = (spanId: string | null) => () =>
    void navigate({ to: "/compare", search: { ...own, items: writeItem({ traceId, spanId }) } });
  return [
    of("copy-link", t.copyLink, () => void writeClipboard(window.location.href)),
    of("copy-id", t.copyId, () => void writeClipboard(traceId)),
    of("compare", t.compareTrace, compare(null)),
    ...(span === undefined ? [] : [of("compare-span", t.compareSpan, compare(span))]),
    of("export", t.exportTrace, () => void exportTraces("jsonl", [traceId]).then(({ file }) => saveFile(file, `trace-${traceId}.jsonl`))),
    ...(row ? [of("same-name", t.sameName(row.name), list(`name = ${quote(row.name)}`))] : []),
    ...(row?.sessionId ? [of("session", t.openSession(row.sessionId), () => void navigate({ to: "/sessions", search: { ...own, session: row.sessionId ?? "" } }))] : []),
    ...(row?.userId ? [of("user", t.tracesOfUser(row.userId), list(`user = ${quote(row.userId)}`))] : []),
  ];
}
