// @vitest-environment jsdom
import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { histogramQuery, spanQuery, traceQuery, tracesQuery } from "@/api/queries";
import { askEarly } from "@/app/askEarly";
import { listSearch, parseSearch } from "@/model/address";
import { spanDetail, spanSummary, traceAnswers, type Answers } from "../page";

const agent = spanDetail(spanSummary("agent", null, "AGENT", 1000, { duration_ns: 100_000_000 }));
const chat = spanDetail(spanSummary("chat", "agent", "CHAT_MODEL", 1020));
const ALWAYS = ["/api/session", "/api/experiments"];

async function asked(path: string, answers: Answers) {
  const paths: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    const { pathname } = new URL(url, "http://localhost");
    paths.push(pathname);
    const body = answers[pathname];
    return Promise.resolve(body === undefined ? Response.json({ title: "Gone", status: 404, detail: "Gone." }, { status: 404 }) : Response.json(body));
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { pathname, search } = new URL(path, "http://localhost");
  await askEarly(client, { pathname, search });
  return { paths, client };
}

test("a trace is asked for with the span that it opens at, and both are there when the view asks", async () => {
  const { paths, client } = await asked("/traces/t1", traceAnswers(agent, chat));
  expect(paths).toEqual([...ALWAYS, "/api/traces/t1", "/api/traces/t1/spans/chat"]);
  expect(client.getQueryData(traceQuery("t1").queryKey)?.spans.length).toBe(2);
  expect(client.getQueryData(spanQuery("t1", "chat").queryKey)).toBeDefined();
});

test("a span that the address names is not waited for", async () => {
  const { paths } = await asked("/traces/t1?span=agent&tab=io", traceAnswers(agent, chat));
  expect(paths).toEqual([...ALWAYS, "/api/traces/t1", "/api/traces/t1/spans/agent"]);
});

test("a trace that is not there, a large one and a phone ask for no span, and nothing is thrown", async () => {
  expect((await asked("/traces/t2", traceAnswers(agent, chat))).paths).toEqual([...ALWAYS, "/api/traces/t2"]);
  const answers = traceAnswers(agent, chat);
  const cut = { ...answers, "/api/traces/t1": { ...(answers["/api/traces/t1"] as object), spans_are_cut: true } };
  expect((await asked("/traces/t1", cut)).paths).toEqual([...ALWAYS, "/api/traces/t1"]);
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  expect((await asked("/traces/t1", answers)).paths).toEqual([...ALWAYS, "/api/traces/t1"]);
});

test("other views ask for what every view needs", async () => {
  expect((await asked("/overview", {})).paths).toEqual(ALWAYS);
});

const NONE = { traces: [], next_cursor: null, words_waiting: 0 };
const BARS = { since_ns: "0", until_ns: "0", interval_s: 1, bars: [], is_exact: true };

test("a list is asked for as its view will, one of the last hour by the view alone", async () => {
  const answers = { "/api/traces": NONE, "/api/timeline": BARS, "/api/views": { views: [] } };
  for (const path of ["/", "/traces", "/traces?filter=status%20%3D%20'ERROR'&order=cost%20DESC"]) {
    const { paths, client } = await asked(path, answers);
    expect(paths).toEqual([...ALWAYS, "/api/traces", "/api/timeline", "/api/views"]);
    const { filter, order } = listSearch(parseSearch(new URL(path, "http://localhost").search));
    const ask = { experiment: undefined, filter, order, sinceMs: null, untilMs: null };
    expect(client.getQueryData(tracesQuery(ask).queryKey)?.pages.length).toBe(1);
    expect(client.getQueryData(histogramQuery(ask).queryKey)).toBeDefined();
  }
  expect((await asked("/traces?range=1h", answers)).paths).toEqual([...ALWAYS, "/api/views"]);
  expect((await asked("/settings", answers)).paths).toEqual(ALWAYS);
});
