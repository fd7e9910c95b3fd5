// Further made-up traces: errors, reasoning, media, long conversations, deep agents.
import { attributes, chunksOf, HAIKU, MS, newTrace, NOVA, random, SONNET, span, text, usage } from "./mock-data.mjs";

// A small picture: a PNG drawn by hand would be longer than this gradient.
const PICTURE = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="420" height="240"><defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="#f2c9a0"/><stop offset="1" stop-color="#7fb3c8"/></linearGradient></defs><rect width="420" height="240" fill="url(#s)"/><path d="M0 190 90 90l60 70 70-110 90 120 50-50 60 70v60H0z" fill="#3b5a57"/><path d="M0 215 120 160l80 40 90-50 130 60v30H0z" fill="#24403d"/></svg>',
).toString("base64");

export function throttled(startMs, experiment) {
  const error = { type: "ThrottlingException", message: "Too many tokens per minute for anthropic.claude-3-5-sonnet in us-east-1, please wait before trying again. (reached max retries: 3)" };
  const trace = newTrace(startMs, experiment, { attempts: 4, request_preview: "Summarise the incident report and list the three most likely causes.", response_preview: null });
  const root = span(trace, null, "triage_incident", "CHAIN", 0, 7420, { status: "ERROR", error, detail: { inputs: { report_id: "INC-20931" }, events: [{ name: "exception", time_ns: String(BigInt(trace.start) + 7419n * 1000000n), attributes: { "exception.type": "botocore.errorfactory.ThrottlingException", "exception.message": `An error occurred (ThrottlingException) when calling the Converse operation: ${error.message}`, "exception.stacktrace": 'Traceback (most recent call last):\n  File "/srv/triage/app.py", line 88, in triage_incident\n    answer = client.converse(modelId=MODEL, messages=messages)\n  File "/usr/lib/python3.12/site-packages/botocore/client.py", line 601, in _api_call\n    return self._make_api_call(operation_name, kwargs)\nbotocore.errorfactory.ThrottlingException: Too many tokens per minute' } }] } });
  span(trace, root, "load_report", "RETRIEVER", 3, 118, { detail: { inputs: { report_id: "INC-20931" }, outputs: [{ id: "INC-20931#1", score: 0.93, text: "At 03:12 UTC the payment queue stalled." }, { id: "INC-20931#2", score: 0.87, text: "A deploy went out at 03:05 UTC." }] } });
  const at = (ms) => String(BigInt(trace.start) + BigInt(ms) * 1000000n);
  const attempt = (n, ms, code, status) => ({ name: "outcrop.attempt", time_ns: at(ms), attributes: { "outcrop.attempt.number": n, "http.response.status_code": status, ...(code && { "error.type": code }), ...(n < 4 && { "retry_after_s": n }) } });
  span(trace, root, `chat ${SONNET}`, "CHAT_MODEL", 124, 7290, {
    status: "ERROR", error, model: SONNET,
    detail: {
      inputs: { modelId: SONNET, messages: [{ role: "user", content: [{ text: "Summarise the incident report and list the three most likely causes." }] }] },
      chat: { system: [text("You are a careful site reliability engineer.")], messages: [{ role: "user", parts: [text("Summarise the incident report and list the three most likely causes.\n\n```\n03:05 deploy payments@4f2a\n03:12 queue depth 12,400 (threshold 2,000)\n03:14 paged on-call\n```")] }], output: [], tools: [], parameters: { temperature: 0, maxTokens: 800 } },
      events: [attempt(1, 126, "ThrottlingException", 429), attempt(2, 1180, "ThrottlingException", 429), attempt(3, 3240, "ThrottlingException", 429), attempt(4, 7360, "ThrottlingException", 429), { name: "exception", time_ns: at(7412), attributes: { "exception.type": "botocore.errorfactory.ThrottlingException", "exception.message": error.message, "exception.stacktrace": "Traceback (most recent call last):\n  File \"botocore/client.py\", line 1078, in _make_api_call\n    raise error_class(parsed_response, operation_name)" } }],
      attributes: attributes(SONNET, "Converse", { "error.type": "ThrottlingException" }),
    },
  });
  return trace;
}

export function cutStream(startMs, experiment) {
  const answer = "The quarterly report shows revenue of 4.2 million, up by 8 % over the year before. ".repeat(9);
  const trace = newTrace(startMs, experiment, { attempts: 2, request_preview: "Write the quarterly summary for the board.", response_preview: answer.slice(0, 160) });
  span(trace, null, `chat ${NOVA}`, "CHAT_MODEL", 0, 4120, {
    model: NOVA, usage: usage(2204, 512), finish_reason: "max_tokens", is_stream: true, time_to_first_chunk_ns: 1210 * MS,
    detail: {
      inputs: { modelId: NOVA, messages: [{ role: "user", content: [{ text: "Write the quarterly summary for the board." }] }] }, outputs: { output: { message: { role: "assistant", content: [{ text: answer }] } }, stopReason: "max_tokens" },
      chat: { system: [], messages: [{ role: "user", parts: [text("Write the quarterly summary for the board.")] }], output: [{ role: "assistant", parts: [{ type: "reasoning", content: null, redacted: "QUJD" }, text(answer)], finish_reason: "max_tokens" }], tools: [], parameters: { maxTokens: 512 } },
      stream: { outcome: "cancelled", end_reason: "closed", chunks: chunksOf(answer, 1210, 17, [30, 62, 90]) },
      attributes: attributes(NOVA, "ConverseStream"),
    },
  });
  return trace;
}

export function picture(startMs, experiment) {
  const trace = newTrace(startMs, experiment, { request_preview: "この写真に写っている山の名前と、登るのに良い季節を教えてください。", response_preview: "写真だけで山の名前を断定することはできませんが、手前の稜線の形から…", user_id: "tanaka" });
  span(trace, null, `chat ${HAIKU}`, "CHAT_MODEL", 0, 3180, {
    model: HAIKU, usage: usage(1688, 402), finish_reason: "end_turn",
    detail: {
      inputs: { modelId: HAIKU }, outputs: { stopReason: "end_turn" },
      chat: {
        system: [text("あなたは登山の案内人です。断定できないことは断定せず、安全を第一に、やさしい言葉で答えてください。")],
        messages: [{ role: "user", parts: [{ type: "blob", modality: "image", mime_type: "image/svg+xml", content: PICTURE, name: "yama.svg" }, { type: "blob", modality: "document", mime_type: "text/plain", content: Buffer.from("持ち物: 雨具、地図、水 2 L").toString("base64"), name: "持ち物.txt" }, { type: "uri", modality: "document", mime_type: "application/pdf", uri: "s3://yama-guides/2026/route-map.pdf", name: "route-map.pdf" }, text("この写真に写っている山の名前と、登るのに良い季節を教えてください。持ち物は添付のとおりで足りますか。")] }],
        output: [{ role: "assistant", parts: [text("写真だけで山の名前を断定することはできませんが、手前の稜線の形と植生から、標高はおよそ 1,800 m 前後と思われます。\n\n### 良い季節\n\n- **六月下旬から七月**: 残雪が消え、花が多い時期です。午後の雷に気をつけてください。\n- **九月下旬から十月上旬**: 空気が澄み、紅葉が見ごろになります。\n\n### 持ち物について\n\n雨具、地図、水 2 L は良い準備です。これに**ヘッドランプ**と防寒着を加えてください。日帰りの予定でも、下山が遅れることは珍しくありません。"), { type: "generic", value: { citationsContent: { content: [{ text: "登山計画の立て方" }], citations: [{ title: "安全登山の手引き", location: { documentPage: { documentIndex: 0, start: 4, end: 5 } } }] } } }], finish_reason: "end_turn" }],
        tools: [], parameters: { maxTokens: 1024, temperature: 0.5 },
      },
      attributes: attributes(HAIKU, "Converse"),
    },
  });
  return trace;
}

export function longChat(startMs, experiment) {
  const messages = Array.from({ length: 60 }, (_, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    parts: [text(i % 2 === 0 ? `Question ${i / 2 + 1}: how do I move the ${["orders", "users", "billing"][i % 3]} table without downtime?` : `Answer ${(i + 1) / 2}: write to both tables, backfill in small batches, compare counts, then switch the reads. Keep the old table for a week.`)],
  }));
  const last = { role: "user", parts: [text("And what if the backfill falls behind while we write to both?")] };
  const trace = newTrace(startMs, experiment, { request_preview: last.parts[0].content, response_preview: "Then slow the writers or widen the batches: measure the lag first.", session_id: "s-2210" });
  span(trace, null, `chat ${SONNET}`, "CHAT_MODEL", 0, 5240, {
    model: SONNET, usage: usage(18420, 233, 17800), finish_reason: "end_turn",
    detail: {
      inputs: { modelId: SONNET, messages: messages.map((m) => ({ role: m.role, content: [{ text: m.parts[0].content }] })) }, outputs: { stopReason: "end_turn" },
      chat: { system: [text("You are a database engineer.")], messages: [...messages, last], output: [{ role: "assistant", parts: [text("Then slow the writers or widen the batches: measure the lag first.\n\n```sql\nselect max(id) - (select max(id) from orders_new) as lag from orders;\n```\n\nIf `lag` grows for ten minutes, halve the write rate.")], finish_reason: "end_turn" }], tools: [], parameters: { temperature: 0.3 } },
      attributes: attributes(SONNET, "Converse"),
    },
  });
  return trace;
}

export function research(startMs, experiment) {
  const trace = newTrace(startMs, experiment, { request_preview: "Compare the three vendors' support terms and recommend one.", response_preview: "I recommend Norrvik: the response time is guaranteed, and it is the only one that covers weekends.", session_id: "s-77" });
  const root = span(trace, null, "research_agent", "AGENT", 0, 38400);
  span(trace, root, "check_prompt", "GUARDRAIL", 4, 212);
  let at = 230;
  for (const vendor of ["Norrvik", "Halden", "Oriel"]) {
    const task = span(trace, root, `read_${vendor.toLowerCase()}`, "AGENT", at, 9800);
    span(trace, task, "embed_query", "EMBEDDING", at + 8, 140, { model: "amazon.titan-embed-text-v2:0", usage: usage(12, 0) });
    span(trace, task, "search_contracts", "RETRIEVER", at + 160, 420);
    const first = 700 + random() * 900;
    span(trace, task, `chat ${SONNET}`, "CHAT_MODEL", at + 600, 5200, { model: SONNET, usage: usage(8120, 612, 6000), is_stream: true, time_to_first_chunk_ns: first * MS, finish_reason: "tool_use" });
    span(trace, task, "get_clause", "TOOL", at + 5810, 33);
    span(trace, task, `chat ${HAIKU}`, "CHAT_MODEL", at + 5860, 3900, { model: HAIKU, usage: usage(2110, 340), is_stream: true, time_to_first_chunk_ns: 380 * MS });
    at += 9900;
  }
  span(trace, root, "rank", "RERANKER", at, 320, { model: "cohere.rerank-v3-5:0" });
  span(trace, root, "parse_table", "PARSER", at + 330, 4);
  span(trace, root, `chat ${SONNET}`, "CHAT_MODEL", at + 350, 38400 - at - 380, { model: SONNET, usage: usage(9400, 880, 8000), is_stream: true, time_to_first_chunk_ns: 1310 * MS, finish_reason: "end_turn" });
  return trace;
}
