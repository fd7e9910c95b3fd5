// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage, summary } from "../page";

const usage = { input_tokens: 900_000, output_tokens: 100, total_tokens: 900_100, cache_read_input_tokens: 90_000, cache_write_input_tokens: 0 };
const latency = { p50_ns: 1e9, p95_ns: 2e9, p99_ns: 3e9 };
const calls = { count: 3, errors: 1, latency, time_to_first_chunk: null, usage, cost_usd: 0.5, unpriced: 2 };
const group = (key: Record<string, string>, traces: number | null) => ({ key, traces: traces === null ? null : { count: traces, errors: 1, latency }, calls });
const NS = 1_000_000n;
const HOUR = 3_600_000;
const START = 1_795_478_400_000;
const ns = (ms: number) => String(BigInt(ms) * NS);

const answers = {
  "/api/experiments": { experiments: [] },
  "/api/timeline": (url: string) => ({
    interval_s: 3600,
    since_ns: ns(START),
    until_ns: ns(START + 4 * HOUR),
    bars: url.includes("filter") ? [{ start_ns: ns(START + HOUR), count: 7, errors: 7 }] : [{ start_ns: ns(START), count: 4, errors: 1 }],
    is_exact: true,
  }),
  "/api/aggregates": (url: string) => {
    const by = new URL(url, "http://localhost").searchParams.getAll("group_by");
    const time = ns(START + HOUR);
    const groups = by.length === 0 ? [group({}, 4)] : by.length === 1 ? [group({ time }, 4)] : [group({ time, model: "amazon.nova-pro-v1:0" }, null)];
    return { groups, is_complete: true, has_others: false, since_ns: "0", until_ns: null, relative_error: 0.03 };
  },
  "/api/traces": { traces: [summary("slow", 9000)], next_cursor: null },
  "/api/facets": { trace_count: 4, is_exact: true, facets: { error: [{ value: "ThrottlingException", count: 3, key: null }] } },
};

test("charts say what happened, with their numbers beside them", async () => {
  const page = renderPage("/overview?experiment=/Shared/a&range=24h", answers);
  const chart = await screen.findByRole("img", { name: /^Traces/ });
  expect(chart.getAttribute("aria-label")).toBe("Traces: failed 1, succeeded 3");
  expect(screen.getByRole("img", { name: "Latency: p99 3.00 s, p95 2.00 s, p50 1.00 s" })).toBeTruthy();
  expect(screen.getByRole("img", { name: "Tokens: output 100, input 810K, from the cache 90,000" })).toBeTruthy();
  expect(screen.getByRole("img", { name: "Cost: nova pro $0.500" })).toBeTruthy();
  expect(screen.getByRole("img", { name: "Throttled: Traces 7" })).toBeTruthy();
  expect(screen.queryByRole("img", { name: /First token/ })).toBeNull();
  expect(screen.getByText("2 calls without a known price")).toBeTruthy();
  expect(screen.queryByText(/models/)).toBeNull();
  const asked = page.asked.mock.calls.map(([url]) => url).filter((url) => url.startsWith("/api/aggregates"));
  // All over the axis that the first answer gave.
  expect(asked).toHaveLength(3);
  for (const url of asked) expect(url).toContain(`experiments=%2FShared%2Fa&since_ns=${ns(START)}&until_ns=${ns(START + 4 * HOUR)}`);
});

test("a step under the pointer shows its numbers, and a click opens the list behind it", async () => {
  const page = renderPage("/overview", answers);
  const chart = await screen.findByRole("img", { name: /^Throttled/ });
  chart.getBoundingClientRect = () => ({ left: 0, width: 400 }) as DOMRect;
  fireEvent.pointerMove(chart, { clientX: 350 });
  // What was seen last is not what counts, but where the click is.
  fireEvent.click(chart, { clientX: 150 });
  await waitFor(() => expect(page.at()).toContain(`from=${START + HOUR}&to=${START + 2 * HOUR}`));
  expect(page.at()).toContain("filter=error+IN+");
});

test("the slowest, the dearest and what fails most lead on", async () => {
  renderPage("/overview?range=7d", answers);
  const slowest = (await screen.findByRole("heading", { name: "Slowest" })).closest("section");
  const trace = slowest && (await within(slowest).findByRole("link", { name: /agent_slow/ }));
  expect(trace?.getAttribute("href")).toBe("/traces/slow");
  expect(screen.getByRole("link", { name: "Slowest" }).getAttribute("href")).toBe("/traces?range=7d&order=execution_time+DESC");
  expect((await screen.findByRole("link", { name: "ThrottlingException" })).getAttribute("href")).toContain("filter=status+%3D+%27ERROR%27+AND+error+%3D+%27ThrottlingException%27");
});

test("models that are not kept apart count among the others, and it is said", async () => {
  const time = ns(START + HOUR);
  const groups = [group({ time, model: "amazon.nova-pro-v1:0" }, null), group({ time, model: "(other)" }, null)];
  const many = (url: string) =>
    url.includes("group_by=model") ? { ...answers["/api/aggregates"](url), groups, is_complete: false, has_others: true } : answers["/api/aggregates"](url);
  renderPage("/overview", { ...answers, "/api/aggregates": many });
  expect(await screen.findByRole("img", { name: "Cost: nova pro $0.500, others $0.500" })).toBeTruthy();
  expect(screen.getByText("Not all models are kept apart")).toBeTruthy();
  expect(screen.getByText("Models called least are left out")).toBeTruthy();
});
