// The whole page against made-up answers: `renderPage` puts it at an address, `answers` is the server.
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { vi } from "vitest";
import type { components } from "@/api/generated/schema";
import { makeRouter } from "@/app/router";
// Loaded beforehand: views that are loaded on demand would make the first test of a file wait.
import "@/components/MarkdownRendered";
import "@/features/compare/CompareView";
import "@/features/experiments/ExperimentsView";
import "@/features/overview/OverviewView";
import "@/features/sessions/SessionsView";
import "@/features/settings/SettingsView";
import "@/features/trace/TraceView";
import "@/features/traces/TracesView";
import { LanguageProvider } from "@/lib/i18n/language";

type Schemas = components["schemas"];
/** Path to body; a number is a status that refuses, a function is asked each time. */
export type Answers = Record<string, unknown>;

function reply(body: unknown): Response {
  // With a status of its own, such as a refusal's, or with headers.
  if (typeof body === "object" && body !== null && "status" in body && "body" in body) {
    const headers = "headers" in body ? (body.headers as Record<string, string>) : {};
    return Response.json(body.body, { status: Number(body.status), headers });
  }
  if (typeof body === "number") return Response.json({ title: "Refused", status: body, detail: "The disk is full." }, { status: body });
  return Response.json(body);
}

export function renderPage(path: string, answers: Answers) {
  const asked = vi.fn<(url: string) => void>();
  vi.stubGlobal("fetch", (url: string) => {
    asked(url);
    const { pathname } = new URL(url, "http://localhost");
    const body = answers[pathname];
    const found: unknown = typeof body === "function" ? (body as (url: string) => unknown)(url) : body;
    return Promise.resolve(reply(found ?? 404));
  });
  const router = makeRouter(createMemoryHistory({ initialEntries: [path] }));
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider env="test">
      <LanguageProvider>
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>,
  );
  return { asked, at: () => router.state.location.href };
}

const USAGE: Schemas["Usage"] = { input_tokens: 1204, output_tokens: 356, total_tokens: 1560, cache_read_input_tokens: null, cache_write_input_tokens: null };

export function summary(id: string, startMs: number, more: Partial<Schemas["TraceSummary"]> = {}): Schemas["TraceSummary"] {
  return {
    trace_id: id,
    experiment_id: "1",
    name: `agent_${id}`,
    status: "OK",
    start_time_ns: `${startMs}000000`,
    duration_ns: 2_310_000_000,
    span_count: 1,
    error: null,
    models: ["amazon.nova-pro-v1:0"],
    usage: USAGE,
    time_to_first_chunk_ns: null,
    attempts: 1,
    request_preview: "What is asked",
    response_preview: "What is answered",
    tools: [],
    session_id: null,
    user_id: null,
    tags: {},
    cost_usd: 0.0041,
    cost_is_partial: false,
    cost_reason: null,
    state: "COMPLETE",
    ...more,
  };
}

export function spanSummary(id: string, parent: string | null, type: string, startMs: number, more: Partial<Schemas["SpanSummary"]> = {}): Schemas["SpanSummary"] {
  return {
    span_id: id,
    parent_id: parent,
    is_orphan: false,
    name: id,
    span_type: type,
    status: "OK",
    error: null,
    start_time_ns: `${startMs}000000`,
    duration_ns: 1_000_000,
    model: null,
    usage: null,
    time_to_first_chunk_ns: null,
    is_stream: false,
    finish_reason: null,
    vendor: null,
    response_model: null,
    cost_usd: null,
    cost_reason: null,
    ...more,
  };
}

export function spanDetail(span: Schemas["SpanSummary"], more: Partial<Schemas["SpanDetail"]> = {}): Schemas["SpanDetail"] {
  const facts = { raw_usage: {}, usage_rule: null, cost: null, cost_reason: null, cut_members: [], payload_parts: [] };
  return { span, trace_id: "t1", inputs: null, outputs: null, chat: null, stream: null, events: [], attributes: {}, ...facts, ...more };
}

/** The answers for one trace `t1` with these spans. */
export function traceAnswers(...details: Schemas["SpanDetail"][]): Answers {
  const spans = details.map(({ span }) => span);
  return {
    "/api/experiments": { experiments: [] },
    "/api/traces/t1": { info: summary("t1", 1000), experiment_name: "demo", resource: { "service.name": "weather" }, spans, spans_are_cut: false },
    ...Object.fromEntries(details.map((detail) => [`/api/traces/t1/spans/${detail.span.span_id}`, detail])),
  };
}
