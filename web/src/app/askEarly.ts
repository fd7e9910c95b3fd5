// What the view at an address will ask for first, asked while the view itself is still being loaded and drawn.
import type { QueryClient } from "@tanstack/react-query";
import { experimentsQuery, histogramQuery, sessionQuery, spanQuery, traceQuery, tracesQuery } from "@/api/queries";
import { viewsQuery } from "@/api/views";
import { isNarrow } from "@/lib/useNarrow";
import { listSearch, parseSearch } from "@/model/address";
import { spanThatMatters } from "@/model/focus";
import { buildTree } from "@/model/tree";

/** Settles when all is there. What goes wrong is the view's to say, which then asks itself. */
export async function askEarly(client: QueryClient, address: { pathname: string; search: string }): Promise<void> {
  const asked: Promise<unknown>[] = [client.query(sessionQuery), client.query(experimentsQuery)];
  const traceId = /^\/traces\/([\w-]+)\/?$/.exec(address.pathname)?.[1];
  if (traceId !== undefined) asked.push(...askForTrace(client, traceId, parseSearch(address.search).span));
  if (/^\/(traces\/?)?$/.test(address.pathname)) asked.push(...askForList(client, address.search));
  await Promise.allSettled(asked);
}

function askForTrace(client: QueryClient, traceId: string, chosen: string | undefined): Promise<unknown>[] {
  const trace = client.query(traceQuery(traceId));
  if (chosen !== undefined) return [trace, client.query(spanQuery(traceId, chosen))];
  // As the view chooses: on a phone it shows no span at first, and of a large trace none before it has all spans.
  const opened = trace.then(({ areSpansCut, spans }) => (areSpansCut || isNarrow() ? null : spanThatMatters(buildTree(spans))));
  return [opened.then((span) => span && client.query(spanQuery(traceId, span.id)))];
}

function askForList(client: QueryClient, search: string): Promise<unknown>[] {
  const { experiment, filter, range, from, to, order } = listSearch(parseSearch(search));
  // The last hour is the one before the view chose it, which is a moment later.
  if (range !== undefined || from !== undefined || to !== undefined) return [client.query(viewsQuery)];
  const ask = { experiment, filter, order, sinceMs: null, untilMs: null };
  return [client.infiniteQuery(tracesQuery(ask)), client.query(histogramQuery(ask)), client.query(viewsQuery)];
}
