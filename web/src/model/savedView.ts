// A view of the list that was given a name: what is asked, in which order, and the columns. Kept by the server.
import { defined, listSearch, type ListChoice, type ListSearch } from "./address";
import { isSameLayout, type Layout } from "./columns";

export interface SavedView {
  id: string;
  name: string;
  /** Who made it. */
  author: string;
  choice: ListChoice;
  layout: Layout;
}

const ASKED = ["experiment", "filter", "range", "from", "to", "order"] as const;

/** What a view keeps of the address. */
export function choiceOf(search: ListSearch): ListChoice {
  return Object.fromEntries(ASKED.flatMap((key) => (search[key] === undefined ? [] : [[key, search[key]]])));
}

/** The address of a view. */
export const searchOf = (view: SavedView): ListSearch => defined<ListSearch>({ ...view.choice, view: view.id });

/** What stands in the address beside the experiment, as texts. */
export const writtenChoice = (choice: ListChoice): Record<string, string> =>
  Object.fromEntries(Object.entries(choice).flatMap(([key, value]) => (key === "experiment" ? [] : [[key, String(value)]])));

/** A choice as the server keeps it; what is no choice of the list is left out. */
export const readChoiceOf = (experiment: string | null, written: Readonly<Record<string, string>>): ListChoice =>
  choiceOf(listSearch({ ...written, ...(experiment !== null && { experiment }) }));

/** Whether the list shows something else by now. */
export function isEdited(view: SavedView, search: ListSearch, layout: Layout): boolean {
  const now = choiceOf(search);
  return ASKED.some((key) => now[key] !== view.choice[key]) || !isSameLayout(view.layout, layout);
}
