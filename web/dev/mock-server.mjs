// A stand-in for the server while developing the page: `npm run mock`, then `npm run dev`.
// Options by environment: PORT (5115), MOCK_ROWS (3000; 0 is a first run), MOCK_LIVE (a new trace each n seconds),
// MOCK_DELAY (ms each answer waits), MOCK_FAIL (a part of a path that answers 500).
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { HAIKU, NOVA, newTrace, pick, random, SONNET, span, summary, usage, weatherAgent } from "./mock-data.mjs";
import { cutStream, longChat, picture, research, throttled } from "./mock-scenes.mjs";

const { PORT = "5115", MOCK_ROWS = "3000", MOCK_LIVE = "0", MOCK_DELAY = "0", MOCK_FAIL } = process.env;
const STATIC = fileURLToPath(new URL("../../server/src/outcrop_server/web/static", import.meta.url));
const EXPERIMENTS = ["/Shared/bedrock-tracing-demo", "support-bot", "社内文書検索", "nightly-evaluation"];
const ASKED = [
  ["Can I change the delivery address after the order has shipped?", "Once the parcel is with the carrier the address is fixed, but you can redirect it to a pick-up point from the tracking page."],
  ["Summarise the meeting notes from Tuesday in five bullets.", "• The launch moves to 14 December • Billing will be rewritten first • Mika owns the migration plan"],
  ["有給休暇の申請方法と、承認までの日数を教えてください。", "勤怠システムの「申請」から入力してください。承認は通常二営業日以内です。"],
  ["Classify the sentiment: 'The update broke my workflow again.'", "negative"],
  ["Write a SQL query for the ten slowest endpoints of last week.", "select endpoint, percentile_cont(0.95) within group (order by duration) …"],
  ["Translate the release notes into German, keep the markdown.", "## Version 4.2 – Neuerungen: schnellere Suche, neue Tastenkürzel …"],
];

function plain(startMs) {
  const [asked, answered] = pick(ASKED);
  const model = pick([SONNET, SONNET, HAIKU, HAIKU, NOVA, "meta.llama3-1-70b-instruct-v1:0", "mistral.mistral-large-2407-v1:0"]);
  const isStream = random() < 0.5;
  const failed = random() < 0.04;
  const error = failed ? pick([{ type: "ValidationException", message: "The provided model identifier is invalid." }, { type: "AccessDeniedException", message: "You don't have access to the model with the specified model ID." }, { type: "ThrottlingException", message: "Too many requests, please wait before trying again." }]) : null;
  const duration = failed ? 60 + random() * 200 : 350 + random() ** 3 * 9000 + (random() < 0.02 ? 32000 : 0);
  const trace = newTrace(startMs, pick(EXPERIMENTS.slice(0, 3)), {
    request_preview: asked, response_preview: failed ? null : answered, attempts: error?.type === "ThrottlingException" ? 4 : random() < 0.03 ? 2 : 1,
    tools: random() < 0.2 ? pick([["lookup_order"], ["search_docs", "open_page"]]) : [],
  });
  const input = Math.round(120 + random() ** 2 * 12000);
  span(trace, null, pick(["answer_question", "answer_question", "summarise", "classify", `chat ${model}`]), "CHAT_MODEL", 0, duration, {
    status: failed ? "ERROR" : "OK", error, model, is_stream: isStream, usage: failed ? null : usage(input, Math.round(8 + random() * 700), random() < 0.3 ? Math.round(input * 0.8) : null),
    time_to_first_chunk_ns: isStream && !failed ? Math.round((180 + random() * duration * 0.3) * 1e6) : null,
    detail: {
      inputs: { modelId: model, messages: [{ role: "user", content: [{ text: asked }] }] },
      chat: { system: [], messages: [{ role: "user", parts: [{ type: "text", content: asked }] }], output: failed ? [] : [{ role: "assistant", parts: [{ type: "text", content: answered }], finish_reason: "end_turn" }], tools: [], parameters: {} },
    },
  });
  return trace;
}

const now = Date.now();
const traces = [];
if (Number(MOCK_ROWS) > 0) {
  const ex = EXPERIMENTS[0];
  traces.push(weatherAgent(now - 41_000, ex), throttled(now - 70_000, ex), cutStream(now - 96_000, ex), picture(now - 150_000, EXPERIMENTS[2]), longChat(now - 190_000, EXPERIMENTS[1]), research(now - 260_000, ex));
  for (let i = 0, at = now - 300_000; i < Number(MOCK_ROWS); i++, at -= 4000 + random() * 90_000) traces.push(plain(at));
}
if (Number(MOCK_LIVE) > 0) setInterval(() => traces.unshift(random() < 0.4 ? weatherAgent(Date.now(), EXPERIMENTS[0]) : plain(Date.now())), Number(MOCK_LIVE) * 1000);

function experiments() {
  const used = Number(MOCK_ROWS) > 0 ? EXPERIMENTS : [];
  return used.map((name, i) => {
    const own = traces.filter((trace) => trace.experiment === name);
    return { experiment_id: String(i + 1), name, created_at_ns: `${now - 9e9}000000`, trace_count: own.length, error_count: own.filter((trace) => trace.spans[0].status === "ERROR").length, last_trace_at_ns: own[0]?.start ?? null, description: "", archived_at_ns: null, former_names: [] };
  });
}

const FAULT = { message: "A trace has no field 'statos'. Did you mean status?", column: 1, suggestion: "status", excerpt: "  statos = 'ERROR'\n  ^" };

// Of the filter only `status = 'ERROR'`, `model = '...'` and words are understood.
function matching(url) {
  const query = url.searchParams;
  const wanted = query.get("experiment") ?? query.get("experiments");
  const filter = query.get("filter") ?? "";
  const [since, until] = ["since_ns", "until_ns"].map((name) => query.get(name));
  const model = /model = '([^']*)'/.exec(filter)?.[1];
  const words = [...filter.matchAll(/"([^"]+)"/g)].map(([, word]) => word.toLowerCase());
  return traces.filter((trace) => {
    const start = BigInt(trace.start);
    if (wanted && trace.experiment !== wanted) return false;
    if ((since && start < BigInt(since)) || (until && start >= BigInt(until))) return false;
    const row = summary(trace);
    if (filter.includes("status = 'ERROR'") && row.status !== "ERROR") return false;
    if (model && !row.models.includes(model)) return false;
    return words.every((word) => `${row.request_preview} ${row.response_preview}`.toLowerCase().includes(word)) && !filter.includes("900s");
  });
}

function timeline(url) {
  const found = matching(url);
  const starts = found.map(({ start }) => Number(BigInt(start) / 1_000_000_000n));
  const first = Number(url.searchParams.get("since_ns") ?? 0) / 1e9 || Math.min(...starts, now / 1000 - 3600);
  const last = Math.max(...starts, first + 3600);
  const step = [60, 300, 600, 1800, 3600, 10800, 21600, 43200].find((each) => (last - first) / each <= 100) ?? 86400;
  const bars = new Map();
  found.forEach((trace, i) => {
    const start = Math.floor(starts[i] / step) * step;
    const bar = bars.get(start) ?? { start_ns: `${start}000000000`, count: 0, errors: 0 };
    bars.set(start, { ...bar, count: bar.count + 1, errors: bar.errors + Number(trace.spans[0].status === "ERROR") });
  });
  const edge = (seconds) => `${Math.floor(seconds / step) * step}000000000`;
  return { interval_s: step, since_ns: edge(first), until_ns: edge(last + step), bars: [...bars.values()].reverse(), is_exact: true };
}

function facets(found) {
  const count = (valuesOf) => {
    const counts = new Map();
    for (const trace of found) for (const value of valuesOf(summary(trace))) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort(([, one], [, other]) => other - one).slice(0, 8).map(([value, n]) => ({ value, count: n, key: null }));
  };
  return {
    trace_count: found.length,
    is_exact: true,
    facets: { status: count((row) => [row.status]), model: count((row) => row.models), error: count((row) => (row.error ? [row.error.type] : [])), tool: count((row) => row.tools) },
  };
}

function answer(url) {
  const parts = url.pathname.split("/").slice(2).map(decodeURIComponent);
  if (MOCK_FAIL && url.pathname.includes(MOCK_FAIL)) return [500, { title: "Internal error", status: 500, detail: "The store could not be read: disk I/O error. The server's log says more." }];
  if (parts[0] === "experiments") return [200, { experiments: experiments() }];
  if (parts[0] === "session") return [200, { name: "anonymous", role: "admin", experiments: null, is_anonymous: true, has_session: false }];
  if (parts[0] === "views") return [200, { views: [] }];
  if (parts[0] === "timeline") return [200, timeline(url)];
  if (parts[0] === "facets") return [200, facets(matching(url))];
  if (url.pathname === "/api/traces/count") return [200, { count: matching(url).length, is_exact: true }];
  if (url.pathname === "/api/traces/tail") return [404, { title: "Not found", status: 404, detail: "No tail here." }];
  if (parts[0] !== "traces") return [404, { title: "Not found", status: 404, detail: "No such address." }];
  if (parts.length === 1) {
    if (url.searchParams.get("filter")?.includes("statos")) return [400, { title: "Bad Request", status: 400, detail: "Wrong.", filter_fault: FAULT }];
    const own = matching(url);
    const from = Math.max(0, own.findIndex((trace) => trace.id === url.searchParams.get("cursor")));
    const size = Number(url.searchParams.get("limit") ?? 50);
    return [200, { traces: own.slice(from, from + size).map(summary), next_cursor: own[from + size]?.id ?? null }];
  }
  const trace = traces.find(({ id }) => id === parts[1]);
  const detail = trace?.details.get(parts[3]);
  if (!trace || (parts.length > 2 && !detail)) return [404, { title: "Not found", status: 404, detail: `No trace has the id ${parts[1]}. It may have been deleted.` }];
  if (parts.length > 2) return [200, detail];
  return [200, { info: summary(trace), experiment_name: trace.experiment, resource: { "service.name": "weather-demo", "telemetry.sdk.language": "python", "outcrop.experiment.name": trace.experiment, "process.pid": 4711 }, spans: trace.spans }];
}

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html" };
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

function file(pathname, response) {
  const wanted = path.join(STATIC, path.normalize(pathname));
  const found = pathname !== "/" && existsSync(wanted) ? wanted : path.join(STATIC, "index.html");
  response.writeHead(200, { "content-type": TYPES[path.extname(found)] ?? "application/octet-stream", "content-security-policy": POLICY });
  createReadStream(found).pipe(response);
}

createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (!url.pathname.startsWith("/api/")) return file(url.pathname, response);
  const [status, body] = answer(url);
  setTimeout(() => {
    response.writeHead(status, { "content-type": status === 200 ? "application/json" : "application/problem+json" });
    response.end(JSON.stringify(body));
  }, Number(MOCK_DELAY));
}).listen(Number(PORT), "127.0.0.1", () => console.log(`mock server on http://127.0.0.1:${PORT}`));
