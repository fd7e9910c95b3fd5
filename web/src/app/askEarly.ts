// What the view at an address will ask for first, asked while the view itself is still being loaded and drawn.
import type { QueryClient } from "@tanstack/react-query";
import { experimentsQuery, sessionQuery, spanQuery, traceQuery } from "@/api/queries";
import { isNarrow } from "@/lib/useNarrow";
import { parseSearch } from "@/model/address";
import { spanThatMatters } from "@/model/focus";
import { buildTree } from "@/model/tree";

/** What goes wrong is the view's to say, which then asks itself. */
export async function askEarly(client: QueryClient, address: { pathname: string; search: string }): Promise<void> {
  const asked: Promise<unknown>[] = [client.query(sessionQuery), client.query(experimentsQuery)];
  const traceId = /^\/traces\/([\w-]+)\/?$/.exec(address.pathname)?.[1];
  if (traceId !== undefined) asked.push(...askForTrace(client, traceId, parseSearch(address.search).span));
  await Promise.allSettled(asked);
}

function askForTrace(client: QueryClient, traceId: string, chosen: string | undefined): Promise<unknown>[] {
  const trace = client.query(traceQuery(traceId));
  if (chosen !== undefined) return [trace, client.query(spanQuery(traceId, chosen))];
  // As the view chooses: on a phone it shows no span at first, and of a large trace none before it has all spans.
  const opened = trace.then(({ areSpansCut, spans }) => (areSpansCut || isNarrow() ? null : spanThatMatters(buildTree(spans))));
  return [opened.then((span) => span && client.query(spanQuery(traceId, span.id)))];
}
