// Made-up traces for developing the page: every shape that the page must show.
const MS = 1e6;
const S = 1e9;
export const SONNET = "us.anthropic.claude-3-5-sonnet-20241022-v2:0";
export const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
export const NOVA = "amazon.nova-pro-v1:0";

let seed = 7;
/** The same numbers each time. */
export function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
const hex = (n) => Array.from({ length: n }, () => Math.floor(random() * 16).toString(16)).join("");
const pick = (list) => list[Math.floor(random() * list.length)];
const text = (content) => ({ type: "text", content });
const usage = (input, output, read = null) => ({
  input_tokens: input, output_tokens: output, total_tokens: input === null ? null : input + output,
  cache_read_input_tokens: read, cache_write_input_tokens: null,
});

// US dollars per million tokens: input, output, cache read.
const PRICES = { [SONNET]: [3, 15, 0.3], [HAIKU]: [1.1, 5.5, 0.11], "amazon.titan-embed-text-v2:0": [0.02, 0, 0] };

/** What a call costs; the price of Nova is left out, so that an unknown one is seen too. */
function costOf(model, used) {
  const price = PRICES[model];
  if (!price || !used || used.input_tokens === null) return null;
  const read = used.cache_read_input_tokens ?? 0;
  const parts = { input: ((used.input_tokens - read) * price[0]) / 1e6, output: (used.output_tokens * price[1]) / 1e6, cache_read: (read * price[2]) / 1e6, cache_write: 0 };
  return { usd: parts.input + parts.output + parts.cache_read, ...parts, source: "genai-prices 0.2.3", model: `regional.${model.replace("us.", "")}` };
}

const rawUsage = (used) => used && { inputTokens: used.input_tokens - (used.cache_read_input_tokens ?? 0), outputTokens: used.output_tokens, totalTokens: used.total_tokens, ...(used.cache_read_input_tokens && { cacheReadInputTokens: used.cache_read_input_tokens }) };

export function span(trace, parent, name, type, startMs, durationMs, more = {}) {
  const { detail, ...summary } = more;
  const made = {
    span_id: hex(16), parent_id: parent?.span_id ?? null, name, span_type: type, status: "OK", error: null,
    start_time_ns: String(BigInt(trace.start) + BigInt(Math.round(startMs * MS))), duration_ns: Math.round(durationMs * MS),
    model: null, usage: null, time_to_first_chunk_ns: null, is_stream: false, finish_reason: null, ...summary,
    vendor: null, response_model: summary.response_model ?? null,
  };
  const cost = costOf(made.model, made.usage);
  const reason = cost || !made.model ? null : made.status === "ERROR" ? "refused" : "unknown-model";
  Object.assign(made, { cost_usd: cost?.usd ?? null, cost_reason: reason });
  trace.spans.push(made);
  trace.details.set(made.span_id, {
    span: made, trace_id: trace.id, inputs: null, outputs: null, chat: null, stream: null, events: [], attributes: {},
    cost, cost_reason: reason, raw_usage: rawUsage(made.usage) ?? {}, usage_rule: made.usage ? "bedrock-exclusive" : null, ...detail,
  });
  return made;
}

export function newTrace(startMs, experiment, more = {}) {
  return { id: hex(32), start: String(BigInt(Math.round(startMs)) * 1000000n), experiment, spans: [], details: new Map(), more };
}

export function summary(trace) {
  const [root] = trace.spans;
  const calls = trace.spans.filter((s) => s.usage);
  const known = trace.spans.filter((s) => s.cost_usd !== null);
  const sum = (key) => (calls.length ? calls.reduce((n, s) => n + (s.usage[key] ?? 0), 0) : null);
  return {
    trace_id: trace.id, experiment_id: trace.experiment, name: root.name, status: root.status, start_time_ns: root.start_time_ns,
    duration_ns: root.duration_ns, span_count: trace.spans.length, error: root.error,
    models: [...new Set(trace.spans.map((s) => s.model).filter(Boolean))],
    usage: usage(sum("input_tokens"), sum("output_tokens"), sum("cache_read_input_tokens") || null),
    time_to_first_chunk_ns: trace.spans.find((s) => s.is_stream)?.time_to_first_chunk_ns ?? null,
    attempts: 1, request_preview: null, response_preview: null,
    tools: [...new Set(trace.spans.filter((s) => s.span_type === "TOOL").map((s) => s.name))],
    session_id: null, user_id: null, tags: {},
    cost_usd: known.length ? known.reduce((n, s) => n + s.cost_usd, 0) : null,
    cost_is_partial: known.length > 0 && trace.spans.some((s) => s.cost_reason === "unknown-model"),
    cost_reason: trace.spans.find((s) => s.cost_reason)?.cost_reason ?? null, ...trace.more,
  };
}

const attributes = (model, operation, more = {}) => ({
  "gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": model,
  "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 512, "gen_ai.response.finish_reasons": ["end_turn"],
  "gen_ai.usage.input_tokens": 602, "gen_ai.usage.output_tokens": 178, "server.address": "bedrock-runtime.us-east-1.amazonaws.com",
  "server.port": 443, "outcrop.aws.service": "bedrock-runtime", "outcrop.aws.operation": operation,
  "outcrop.request.body": { $bytes: 1840 }, "outcrop.response.body": { $bytes: 622 }, "aws.request_id": "5d0c9f0e-8a54-4b0e-9a53-c6b6f2c1a6f1",
  "outcrop.request.params": JSON.stringify({ modelId: model, additionalModelResponseFieldPaths: ["/stop_sequence"] }), ...more,
});

const WEATHER_TOOL = {
  name: "get_weather", description: "Current weather of a city. Give the city with its state or country.",
  parameters: { type: "object", properties: { city: { type: "string", description: "Such as San Francisco, CA" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } }, required: ["city"] },
};
const FORECAST_TOOL = { name: "get_forecast", description: "Forecast for the next days.", parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } } };
const SYSTEM = "You are a weather assistant for travellers. Answer briefly and in plain words. Always look the weather up with the tools before you answer; never guess. Give temperatures in both units. If a tool fails, say so and suggest where to look instead.\n\n- Prefer `get_weather` for today.\n- Use `get_forecast` for anything later.";
const QUESTION = "What's the weather like in San Francisco today, and should I bring a jacket?";
const ANSWER = "It is **sunny** in San Francisco right now, around 18 °C (64 °F), with a light breeze from the west.\n\n| Time | Sky | °C | °F |\n|---|---|---|---|\n| Now | sunny | 18 | 64 |\n| 18:00 | clear | 15 | 59 |\n| 21:00 | fog | 12 | 54 |\n\nBring a light jacket: it cools down quickly once the fog comes in. If you are packing, this is what I would take:\n\n1. a thin layer for the day,\n2. something windproof for the evening.";

export function chunksOf(answer, firstMs, gap, stalls = []) {
  const words = answer.match(/\s*\S+/g) ?? [];
  let at = firstMs * MS;
  const chunks = [];
  const push = (type, block, textOf, kind, data) => chunks.push({ index: chunks.length, offset_ns: Math.round(at), type, block_index: block, text: textOf, kind, size_bytes: JSON.stringify(data).length, data });
  push("messageStart", null, null, "other", { role: "assistant" });
  words.forEach((word, i) => {
    at += (gap * (0.5 + random())) * MS + (stalls.includes(i) ? gap * 9 * MS : 0);
    push("contentBlockDelta", 0, word, "text", { contentBlockIndex: 0, delta: { text: word } });
  });
  at += gap * MS;
  push("contentBlockStop", 0, null, "other", { contentBlockIndex: 0 });
  push("messageStop", null, null, "other", { stopReason: "end_turn" });
  at += 4 * MS;
  push("metadata", null, null, "other", { usage: { inputTokens: 812, outputTokens: 178, totalTokens: 990 }, metrics: { latencyMs: Math.round(at / MS) } });
  return chunks;
}

export function weatherAgent(startMs, experiment, more = {}) {
  const trace = newTrace(startMs, experiment, { request_preview: QUESTION, response_preview: "It is sunny in San Francisco right now, around 18 °C (64 °F), with a light breeze from the west.", session_id: "s-1042", user_id: "mika", ...more });
  const agent = span(trace, null, "weather_agent", "AGENT", 0, 2312, { detail: { inputs: { question: QUESTION }, outputs: ANSWER, attributes: { "outcrop.span.type": "AGENT", "session.id": "s-1042", "user.id": "mika" } } });
  const call = { type: "tool_call", id: "tooluse_9aXkq2", name: "get_weather", arguments: { city: "San Francisco, CA" } };
  const say = [text("I will look that up for you."), call];
  const first = { role: "user", parts: [text(QUESTION)] };
  const parameters = { temperature: 0.2, maxTokens: 512, topP: 0.9 };
  const request = { modelId: SONNET, system: [{ text: SYSTEM }], messages: [{ role: "user", content: [{ text: QUESTION }] }], inferenceConfig: parameters, toolConfig: { tools: [{ toolSpec: { name: "get_weather", inputSchema: { json: WEATHER_TOOL.parameters } } }] } };
  span(trace, agent, `chat ${SONNET}`, "CHAT_MODEL", 6, 884, {
    model: SONNET, usage: usage(602, 74), finish_reason: "tool_use",
    detail: {
      inputs: request, outputs: { output: { message: { role: "assistant", content: [{ text: "I will look that up for you." }, { toolUse: { toolUseId: call.id, name: call.name, input: call.arguments } }] } }, stopReason: "tool_use", usage: { inputTokens: 602, outputTokens: 74, totalTokens: 676 }, metrics: { latencyMs: 861 } },
      chat: { system: [text(SYSTEM)], messages: [first], output: [{ role: "assistant", parts: say, finish_reason: "tool_use" }], tools: [WEATHER_TOOL, FORECAST_TOOL], parameters },
      events: [{ name: "outcrop.attempt", time_ns: trace.start, attributes: { "outcrop.attempt.number": 1, "http.response.status_code": 200 } }],
      attributes: attributes(SONNET, "Converse"),
    },
  });
  const tool = span(trace, agent, "get_weather", "TOOL", 892, 2.4, { detail: { inputs: { city: "San Francisco, CA" }, outputs: "sunny, 18 °C, wind 9 km/h W", attributes: { "outcrop.span.type": "TOOL" } } });
  const answerChunks = chunksOf(ANSWER, 410, 9.5, [40, 77]);
  const result = { type: "tool_call_response", id: call.id, response: [{ type: "text", content: "sunny, 18 °C, wind 9 km/h W" }] };
  span(trace, agent, `chat ${SONNET}`, "CHAT_MODEL", 897, 1410, {
    model: SONNET, usage: usage(812, 178, 540), finish_reason: "end_turn", is_stream: true, time_to_first_chunk_ns: 410 * MS,
    detail: {
      inputs: { ...request, messages: [...request.messages, { role: "assistant", content: [{ toolUse: { toolUseId: call.id, name: call.name, input: call.arguments } }] }, { role: "user", content: [{ toolResult: { toolUseId: call.id, content: [{ text: "sunny, 18 °C, wind 9 km/h W" }] } }] }] },
      outputs: { output: { message: { role: "assistant", content: [{ text: ANSWER }] } }, stopReason: "end_turn", usage: { inputTokens: 812, outputTokens: 178, totalTokens: 990, cacheReadInputTokens: 540 }, metrics: { latencyMs: 1402 } },
      chat: { system: [text(SYSTEM)], messages: [first, { role: "assistant", parts: say }, { role: "user", parts: [result] }], output: [{ role: "assistant", parts: [{ type: "reasoning", content: "The tool says sunny and 18 °C with wind from the west. The user also asks about a jacket; evenings in San Francisco are foggy and cool, so a light one is sensible. I should answer briefly and give both units." }, text(ANSWER)], finish_reason: "end_turn" }], tools: [WEATHER_TOOL, FORECAST_TOOL], parameters },
      stream: { outcome: "complete", end_reason: "exhausted", chunks: answerChunks },
      events: [{ name: "outcrop.attempt", time_ns: String(BigInt(trace.start) + 897n * 1000000n), attributes: { "outcrop.attempt.number": 1, "http.response.status_code": 200 } }],
      attributes: attributes(SONNET, "ConverseStream", { "outcrop.stream.outcome": "complete", "outcrop.stream.end_reason": "exhausted" }),
    },
  });
  void tool;
  return trace;
}

export { attributes, hex, MS, pick, S, text, usage };
