// The columns of the list: those of the view that was chosen, else those that this browser keeps.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { viewsQuery } from "@/api/views";
import { keepChoice, readChoice } from "@/lib/storage";
import { readLayout, writeLayout, type Layout } from "@/model/columns";
import type { SavedView } from "@/model/savedView";

const KEY = "columns";

export interface ListLayout {
  layout: Layout;
  setLayout: (layout: Layout) => void;
  /** The view that the address names, if there is one of this id. */
  view: SavedView | undefined;
  views: readonly SavedView[];
}

interface OfView {
  view: string;
  layout: Layout;
}

export function useLayout(viewId: string | undefined): ListLayout {
  const { data: views = NO_VIEWS } = useQuery(viewsQuery);
  const [own, setOwn] = useState(() => readLayout(readChoice(KEY)));
  // What was changed in a view is the view's only once it is saved.
  const [edited, setEdited] = useState<OfView | null>(null);
  const view = useMemo(() => views.find(({ id }) => id === viewId), [views, viewId]);
  const setLayout = useCallback(
    (layout: Layout) => {
      if (view) {
        setEdited({ view: view.id, layout });
        return;
      }
      setOwn(layout);
      keepChoice(KEY, writeLayout(layout));
    },
    [view],
  );
  const layout = view === undefined ? own : edited?.view === view.id ? edited.layout : view.layout;
  return { layout, setLayout, view, views };
}

const NO_VIEWS: readonly SavedView[] = [];
