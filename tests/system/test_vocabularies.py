"""Spans of other tracers, sent as OTLP: what the server's API shows of them, and which filters find them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from outcrop.assemble import assemble_trace
from outcrop.delivery.server_api import ServerApi
from outcrop_server.serve import BackgroundServer
from sdk.tests.vocabularies.sample_spans import every_sample, sample
from server.tests.support.http import ask, send
from server.tests.support.spans import TRACE, otlp_span, request, span_id

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
# 12 fresh, 30 read from the cache, 5 written to it and 4 out, at the list's price for Claude 3.5 Sonnet v2.
LIST_PRICE = (12 * 3 + 30 * 0.3 + 5 * 3.75 + 4 * 15) / 1e6


def keep(server: BackgroundServer, path: str, number: int = 1, parent: int | None = None) -> None:
    span = sample(path)
    events = [(event.name, event.attributes) for event in span.events]
    made = otlp_span(
        number,
        parent,
        name=span.name,
        attributes=span.attributes,
        events=events,
        status="ERROR" if span.status == "ERROR" else "UNSET",
    )
    made.status.message = span.message
    assert send(server.url, request(made)).status == 200


def row_of(server: BackgroundServer) -> dict[str, Any]:
    (row,) = ask(server.url, "/api/traces").json["traces"]
    return dict(row)


def detail_of(server: BackgroundServer, number: int = 1) -> dict[str, Any]:
    answer = ask(server.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(number).hex()}")
    assert answer.status == 200
    return dict(answer.json)


def found(server: BackgroundServer, text: str) -> int:
    body = json.dumps({"filter": text}).encode()
    answer = ask(
        server.url,
        "/api/traces/search",
        method="POST",
        body=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status == 200, answer.body
    return len(answer.json["traces"])


@dataclass(frozen=True)
class Listed:
    """What the list shows of a trace with one span: tokens are input, output, cache read, cache write."""

    model: str
    tokens: tuple[int | None, ...]
    cost: float | None = LIST_PRICE
    groups: tuple[str | None, str | None] = (None, None)
    words: tuple[str | None, str | None] = ("I look.", "Looking.")


CACHED = (47, 4, 30, 5)
ROWS = {
    "open_inference/converse": Listed(MODEL, CACHED, groups=("s-1", "u-1")),
    "mlflow/converse": Listed(MODEL, CACHED),
    "mlflow/converse_to_server": Listed(MODEL, CACHED),
    "mlflow/openai": Listed("gpt-4o", (12, 4, None, None), 0.75, ("s-1", "u-1"), ("Hello?", "Hi there.")),
    "open_llmetry_bedrock/converse_stream": Listed(MODEL.removeprefix("anthropic."), CACHED),
    "open_llmetry/chat": Listed("gpt-4o", CACHED, None, ("s-1", "u-1"), ("How warm is Bern?", "Looking.")),
    "otel_genai_bedrock/converse": Listed(MODEL, CACHED),
    "otel_botocore/converse": Listed(MODEL, CACHED, words=(None, None)),
    "gen_ai_events/message_events": Listed(
        "gpt-4o", (47, 4, None, None), None, words=("How warm is Bern?", "Looking.")
    ),
    "gen_ai_events/strands": Listed(f"us.{MODEL}", CACHED, words=("How warm is Bern?", "Looking.")),
    "vercel_ai/do_stream_bedrock": Listed(MODEL, CACHED, words=("Hello?", "Hi there.")),
    "logfire/model_1": Listed("gpt-4o", CACHED, 0.00188, words=("How warm is Bern?", "It is 19 degrees.")),
}


@pytest.mark.parametrize("path", ROWS)
def test_a_row_of_the_list(server: BackgroundServer, path: str) -> None:
    keep(server, path)
    row, expected = row_of(server), ROWS[path]
    kinds = ("input", "output", "cache_read_input", "cache_write_input")
    assert row["models"] == [expected.model]
    assert tuple(row["usage"][f"{kind}_tokens"] for kind in kinds) == expected.tokens
    assert row["cost_usd"] == (None if expected.cost is None else pytest.approx(expected.cost, abs=1e-9))
    assert (row["session_id"], row["user_id"]) == expected.groups
    assert (row["request_preview"], row["response_preview"]) == expected.words


@pytest.mark.parametrize(
    ("path", "filter_text"),
    [
        ("open_inference/converse", f"model = '{MODEL}' AND session = 's-1' AND tokens.input = 47"),
        ("open_inference/converse", "user = 'u-1' AND metadata.team = 'blue' AND tags.a = 'true'"),
        ("open_inference/throttled", "error = 'ThrottlingException' AND span.type = 'LLM'"),
        ("mlflow/openai", "model = 'gpt-4o' AND session = 's-1' AND tags.team = 'blue' AND cost > 0.7"),
        ("mlflow/tool", "span.type = 'TOOL' AND tool = 'get_weather'"),
        ("mlflow/throttled", "span.status = 'ERROR' AND error LIKE '%ThrottlingException'"),
        (
            "open_llmetry/chat",
            "vendor = 'openai' AND user = 'u-1' AND metadata.plan = 'pro' AND tokens.total = 51",
        ),
        ("open_llmetry_bedrock/converse", "vendor = 'anthropic' AND finish_reason = 'tool_call'"),
        ("open_llmetry_bedrock/throttled", "error = 'ThrottlingException'"),
        ("otel_genai_bedrock/throttled", "error = 'ThrottlingException' AND vendor = 'anthropic'"),
        ("otel_genai_bedrock/converse", "span.tokens.input = 47 AND span.vendor = 'anthropic'"),
        ("otel_botocore/throttled", "error = 'ThrottlingException' AND span.status = 'ERROR'"),
        ("gen_ai_events/strands", "vendor = 'anthropic' AND tokens.input = 47 AND tool = 'get_weather'"),
        ("gen_ai_events/agent", "session = 's-1' AND user = 'u-1' AND span.type = 'AGENT'"),
        (
            "vercel_ai/do_generate",
            "model = 'gpt-4o-mini' AND finish_reason = 'tool-calls' AND tool = 'get_weather'",
        ),
        ("vercel_ai/generate_text", "session = 's-1' AND user = 'u-1' AND metadata.plan = 'pro'"),
        ("logfire/agent", "session = 's-1' AND span.type = 'AGENT' AND text ILIKE '%degrees%'"),
        ("logfire/model_1", "cost > 0.001 AND vendor = 'openai' AND tokens.output = 4"),
    ],
)
def test_filters_find_it(server: BackgroundServer, path: str, filter_text: str) -> None:
    keep(server, path)
    assert found(server, filter_text) == 1
    assert found(server, f"NOT ({filter_text})") == 0


def test_a_span_shows_its_conversation_its_rule_and_its_cost(server: BackgroundServer) -> None:
    keep(server, "otel_genai_bedrock/converse")
    detail = detail_of(server)
    assert detail["usage_rule"] == "bedrock-exclusive"
    assert detail["raw_usage"]["gen_ai.usage.input_tokens"] == 12
    roles = [message["role"] for message in detail["chat"]["messages"]]
    assert roles == ["user", "assistant", "tool"]
    assert detail["chat"]["output"][0]["parts"][2]["name"] == "get_weather"
    assert detail["chat"]["tools"][0]["name"] == "get_weather"
    assert detail["cost"]["usd"] == pytest.approx(LIST_PRICE)
    assert detail["cost"]["source"].startswith("genai-prices")


def test_a_stated_cost_says_that_it_was_stated(server: BackgroundServer) -> None:
    keep(server, "mlflow/openai")
    cost = detail_of(server)["cost"]
    assert (cost["usd"], cost["input"], cost["output"]) == (0.75, 0.25, 0.5)
    assert (cost["source"], cost["model"]) == ("sender", "gpt-4o-2024-08-06")


def test_a_sum_alone_has_no_parts(server: BackgroundServer) -> None:
    keep(server, "logfire/model_1")
    cost = detail_of(server)["cost"]
    assert cost["usd"] == 0.00188
    assert (cost["input"], cost["output"], cost["cache_read"], cost["cache_write"]) == (None,) * 4


def test_a_functions_sum_is_not_added_to_its_calls(server: BackgroundServer) -> None:
    keep(server, "vercel_ai/generate_text", 1)
    keep(server, "vercel_ai/do_generate", 2, 1)
    keep(server, "vercel_ai/tool", 3, 2)
    row = row_of(server)
    assert (row["usage"]["input_tokens"], row["usage"]["output_tokens"]) == (47, 4)
    assert row["tools"] == ["get_weather"]
    assert detail_of(server, 1)["raw_usage"] == {"ai.usage.inputTokens": 60, "ai.usage.outputTokens": 12}


def test_a_streamed_answer_says_when_it_began(server: BackgroundServer) -> None:
    keep(server, "vercel_ai/do_stream_bedrock")
    span = detail_of(server)["span"]
    assert (span["is_stream"], span["time_to_first_chunk_ns"]) == (True, 12_500_000)


def test_messages_in_events_are_shown(server: BackgroundServer) -> None:
    keep(server, "gen_ai_events/message_events")
    detail = detail_of(server)
    assert [message["role"] for message in detail["chat"]["messages"]] == ["user", "assistant", "tool"]
    assert detail["chat"]["system"] == [{"type": "text", "content": "Be brief."}]
    assert len(detail["events"]) == 5


@pytest.mark.parametrize("path", every_sample())
def test_every_attribute_is_still_there(server: BackgroundServer, path: str) -> None:
    keep(server, path)
    detail = detail_of(server)
    assert detail["attributes"] == sample(path).attributes
    assert [event["attributes"] for event in detail["events"]] == [e.attributes for e in sample(path).events]


def test_a_wrong_value_loses_nothing(server: BackgroundServer) -> None:
    wrong = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": "many",
        "llm.input_messages.0.message": "no message",
        "llm.input_messages.x.message.role": "user",
        "metadata": '{"team": ',
        "gen_ai.input.messages": "[{",
    }
    assert send(server.url, request(otlp_span(1, attributes=wrong))).status == 200
    detail = detail_of(server)
    assert detail["attributes"] == wrong
    assert (detail["span"]["span_type"], detail["span"]["model"], detail["raw_usage"]) == (
        "LLM",
        "gpt-4o",
        {},
    )
    assert detail["chat"]["messages"][0]["parts"] == [{"type": "text", "content": "[{"}]


def test_a_program_reads_it_with_get_trace(server: BackgroundServer) -> None:
    keep(server, "open_inference/converse")
    trace = assemble_trace(ServerApi(server.url).read_trace(TRACE.hex()))
    (span,) = trace.data.spans
    assert span.span_type == "LLM"
    assert span.cost == pytest.approx(LIST_PRICE)
    assert span.attributes["gen_ai.request.model"] == MODEL
    assert (trace.info.session_id, trace.info.user_id) == ("s-1", "u-1")
    assert (trace.info.tags, trace.info.trace_metadata["team"]) == ({"a": "true", "b": "true"}, "blue")
    assert trace.info.token_usage is not None
    assert trace.info.token_usage["input_tokens"] == 47
    assert [message["role"] for message in span.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
