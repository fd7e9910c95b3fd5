// Saved views of the list: read, made and changed.
import { queryOptions } from "@tanstack/react-query";
import type { ListChoice } from "@/model/address";
import { layoutOf, type Layout } from "@/model/columns";
import { readChoiceOf, writtenChoice, type SavedView } from "@/model/savedView";
import { change, changeFor, get } from "./client";
import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export const viewsQuery = queryOptions({
  queryKey: ["views"],
  queryFn: async ({ signal }) => (await get("/api/views", { signal })).views.map(readView),
  staleTime: 30_000,
});

export interface NewView {
  name: string;
  choice: ListChoice;
  layout: Layout;
}

export const createView = async (view: NewView): Promise<SavedView> =>
  readView(await changeFor<Schemas["View"]>("POST", "/api/views", written(view)));

export const replaceView = async (id: string, view: NewView): Promise<SavedView> =>
  readView(await changeFor<Schemas["View"]>("PUT", `/api/views/${encodeURIComponent(id)}`, written(view)));

export const deleteView = (id: string): Promise<void> => change("DELETE", `/api/views/${encodeURIComponent(id)}`);

const written = ({ name, choice, layout }: NewView): Schemas["NewView"] => ({
  name,
  experiment: choice.experiment ?? null,
  search: writtenChoice(choice),
  columns: layout.columns.map(({ id, width }) => ({ name: id, width_px: width })),
  is_compact: layout.isCompact,
});

const readView = (raw: Schemas["View"]): SavedView => ({
  id: raw.view_id,
  name: raw.name,
  author: raw.author,
  choice: readChoiceOf(raw.experiment ?? null, raw.search ?? {}),
  layout: layoutOf(raw.columns.map(({ name, width_px }) => ({ name, width: width_px })), raw.is_compact),
});
