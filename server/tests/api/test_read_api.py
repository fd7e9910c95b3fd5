from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop.delivery.otlp_decode import decode_request
from outcrop_server.api import schemas
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import ask, send
from server.tests.support.spans import START_NS, TRACE, otlp_span, request, span_id, trace_id

CONVERSE = {
    "outcrop.aws.service": "bedrock-runtime",
    "outcrop.aws.operation": "Converse",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "outcrop.request.params": json.dumps({"modelId": "anthropic.claude-3-5-sonnet-20241022-v2:0"}),
    "outcrop.request.body": json.dumps(
        {"messages": [{"role": "user", "content": [{"text": "How warm?"}]}]}
    ).encode(),
    "outcrop.response.body": json.dumps(
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "Very."}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
        }
    ).encode(),
}  # fmt: skip


@pytest.fixture
def filled(server: BackgroundServer) -> BackgroundServer:
    """A server that holds one agent's trace."""
    agent = {
        "outcrop.span.type": "AGENT",
        "outcrop.span.inputs": '{"question": "How warm?"}',
        "session.id": "s-1",
    }
    body = request(
        otlp_span(
            1,
            status="OK",
            attributes={**agent, "outcrop.tag.team": "blue"},
            end_time_unix_nano=START_NS + 9000,
        ),
        otlp_span(2, 1, attributes=CONVERSE, name="chat claude", events=[("outcrop.attempt", {"n": 1})]),
        otlp_span(3, 1, attributes={"error.type": "KeyError", "raw": b"\0\1\2"}, status="ERROR", name="tool"),
        resource={"service.name": "shop", "outcrop.experiment.name": "weather"},
    )
    assert send(server.url, body).status == 200
    return server


def test_experiments_are_listed_with_their_counts(filled: BackgroundServer) -> None:
    (found,) = schemas.ExperimentList.model_validate(ask(filled.url, "/api/experiments").json).experiments
    assert (found.name, found.trace_count, found.error_count) == ("weather", 1, 0)
    assert found.last_trace_at_ns == str(START_NS + 1000)


def test_a_list_row_says_what_was_asked_and_answered(filled: BackgroundServer) -> None:
    page = schemas.TracePage.model_validate(ask(filled.url, "/api/traces?experiment=weather").json)
    (row,) = page.traces
    assert page.next_cursor is None
    assert (row.trace_id, row.name, row.status, row.span_count) == (TRACE.hex(), "span 1", "OK", 3)
    assert (row.request_preview, row.response_preview) == ("How warm?", "Very.")
    assert row.models == ["anthropic.claude-3-5-sonnet-20241022-v2:0"]
    assert (row.usage.input_tokens, row.usage.output_tokens, row.usage.total_tokens) == (12, 3, 15)
    assert (row.start_time_ns, row.duration_ns) == (str(START_NS + 1000), 8000)
    assert (row.session_id, row.tags, row.attempts) == ("s-1", {"team": "blue"}, 1)


def test_an_experiment_that_nobody_used_is_an_empty_page(filled: BackgroundServer) -> None:
    empty: dict[str, object] = {"traces": [], "next_cursor": None, "words_waiting": 0}
    assert ask(filled.url, "/api/traces?experiment=nobody").json == empty


def test_a_trace_comes_with_its_spans_and_resource(filled: BackgroundServer) -> None:
    detail = schemas.TraceDetail.model_validate(ask(filled.url, f"/api/traces/{TRACE.hex()}").json)
    assert (detail.experiment_name, detail.resource["service.name"]) == ("weather", "shop")
    assert [(s.name, s.span_type, s.status) for s in detail.spans] == [
        ("span 1", "AGENT", "OK"),
        ("chat claude", "LLM", "UNSET"),
        ("tool", "UNKNOWN", "ERROR"),
    ]
    assert [s.parent_id for s in detail.spans] == [None, span_id(1).hex(), span_id(1).hex()]
    assert detail.spans[2].error == schemas.ErrorInfo(type="KeyError", message="")
    assert (detail.spans[1].finish_reason, detail.spans[0].usage) == ("end_turn", None)


def test_a_span_comes_with_its_payload_as_a_conversation(filled: BackgroundServer) -> None:
    path = f"/api/traces/{TRACE.hex()}/spans/{span_id(2).hex()}"
    detail = schemas.SpanDetail.model_validate(ask(filled.url, path).json)
    assert detail.chat is not None
    assert detail.chat.messages[0].parts == [{"type": "text", "content": "How warm?"}]
    assert detail.chat.output[0].parts == [{"type": "text", "content": "Very."}]
    assert detail.inputs["messages"][0]["content"] == [{"text": "How warm?"}]
    assert detail.outputs["stopReason"] == "end_turn"
    assert detail.events == [
        schemas.SpanEvent(name="outcrop.attempt", time_ns=str(START_NS + 2100), attributes={"n": 1})
    ]


def test_a_call_says_its_cost_its_raw_counts_and_their_rule(filled: BackgroundServer) -> None:
    path = f"/api/traces/{TRACE.hex()}/spans/{span_id(2).hex()}"
    detail = schemas.SpanDetail.model_validate(ask(filled.url, path).json)
    assert (detail.usage_rule, detail.raw_usage["inputTokens"]) == ("bedrock-exclusive", 12)
    assert detail.cost is not None
    assert (detail.cost.input, detail.cost.output, detail.cost.usd) == (0.000036, 0.000045, 0.000081)
    assert detail.cost.source.startswith("genai-prices ")
    assert (detail.cost_reason, detail.span.cost_usd, detail.span.vendor) == (None, 0.000081, "anthropic")
    (row,) = ask(filled.url, "/api/traces").json["traces"]
    assert (row["cost_usd"], row["cost_is_partial"], row["cost_reason"]) == (0.000081, False, None)
    tool = ask(filled.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(3).hex()}").json
    assert (tool["cost"], tool["cost_reason"], tool["usage_rule"]) == (None, None, None)


def test_an_unknown_cost_is_null_with_its_reason_and_the_users_prices_go_first(
    start_server: StartServer, tmp_path: Path
) -> None:
    profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc"
    other = f"{profile}d"
    prices = tmp_path / "prices.json"
    prices.write_text(
        json.dumps({"my.model": {"input": 1000, "output": 0}, "profiles": {profile: "my.model"}})
    )
    server = start_server(prices=prices)
    known = {**CONVERSE, "gen_ai.request.model": profile}
    unknown = {**CONVERSE, "gen_ai.request.model": other}
    body = request(otlp_span(1), otlp_span(2, 1, attributes=known), otlp_span(3, 1, attributes=unknown))
    assert send(server.url, body).status == 200
    detail = schemas.TraceDetail.model_validate(ask(server.url, f"/api/traces/{TRACE.hex()}").json)
    assert [(s.cost_usd, s.cost_reason) for s in detail.spans] == [
        (None, None),
        (0.012, None),
        (None, "hidden-model"),
    ]
    assert (detail.info.cost_usd, detail.info.cost_is_partial) == (0.012, True)
    assert detail.info.cost_reason == "hidden-model"


def test_bytes_are_shown_by_their_size(filled: BackgroundServer) -> None:
    detail = ask(filled.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(3).hex()}").json
    assert detail["attributes"] == {"error.type": "KeyError", "raw": {"$bytes": 3}}


@pytest.mark.parametrize("text", [TRACE.hex(), TRACE.hex().upper(), f"tr-{TRACE.hex()}"])
def test_ids_are_found_in_any_spelling(filled: BackgroundServer, text: str) -> None:
    assert ask(filled.url, f"/api/traces/{text}").status == 200
    assert ask(filled.url, f"/api/traces/{text}/spans/{span_id(1).hex().upper()}").status == 200


def test_an_export_is_one_request_that_the_sdk_and_another_server_read(filled: BackgroundServer) -> None:
    answer = ask(filled.url, f"/api/traces/{TRACE.hex()}/export")
    assert answer.headers["content-type"] == "application/x-protobuf"
    message = ExportTraceServiceRequest.FromString(answer.body)
    assert len(message.resource_spans) == 3
    assert {record.span_id for record in decode_request(answer.body)} == {span_id(i) for i in (1, 2, 3)}
    assert send(filled.url, answer.body).status == 200
    assert ask(filled.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 3


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"/api/traces/{'0' * 31}1", "no trace"),
        (f"/api/traces/{'0' * 31}1/export", "no trace"),
        (f"/api/traces/{'0' * 31}1/spans/{'0' * 15}1", "no trace"),
        (f"/api/traces/{TRACE.hex()}/spans/{'f' * 16}", "no span ffffffffffffffff"),
        ("/api/nothing", "/api/openapi.json"),
        ("/v1/nothing", "nothing at"),
    ],
)
def test_what_is_not_there_gets_404_that_says_so(filled: BackgroundServer, path: str, words: str) -> None:
    answer = ask(filled.url, path)
    assert answer.status == 404
    assert words in answer.detail


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/traces/abc", "32 hex digits"),
        ("/api/traces/abc/export", "32 hex digits"),
        (f"/api/traces/{TRACE.hex()}/spans/abc", "16 hex digits"),
        ("/api/traces?cursor=abc", "cursor"),
        ("/api/traces?limit=0", "limit"),
        ("/api/traces?limit=201", "limit"),
        ("/api/traces?limit=many", "limit"),
    ],
)
def test_what_cannot_be_understood_gets_400_that_says_why(
    filled: BackgroundServer, path: str, words: str
) -> None:
    answer = ask(filled.url, path)
    assert answer.status == 400
    assert words in answer.detail


def test_a_wrong_method_gets_a_problem_too(server: BackgroundServer) -> None:
    answer = ask(server.url, "/api/traces", method="DELETE")
    assert answer.status == 405
    assert answer.detail


def test_pages_follow_their_cursor_to_the_end(server: BackgroundServer) -> None:
    spans = [otlp_span(1, trace=trace_id(i), start_time_unix_nano=START_NS) for i in range(1, 26)]
    assert send(server.url, request(*spans)).status == 200
    seen: list[str] = []
    path = "/api/traces?limit=10"
    while True:
        page = ask(server.url, path).json
        seen += [trace["trace_id"] for trace in page["traces"]]
        if page["next_cursor"] is None:
            break
        path = f"/api/traces?limit=10&cursor={page['next_cursor']}"
    assert seen == [trace_id(i).hex() for i in range(25, 0, -1)]


def test_odd_text_in_payloads_is_shown_and_breaks_nothing(server: BackgroundServer) -> None:
    deep: Any = "core"
    for _ in range(500):
        deep = [deep]
    inputs = '{"half": "\\ud83d", "nan": NaN, "big": ' + "9" * 400 + ', "deep": ' + json.dumps(deep) + "}"
    body = request(otlp_span(1, attributes={"outcrop.span.inputs": inputs, "nan": float("nan")}))
    assert send(server.url, body).status == 200
    detail = ask(server.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(1).hex()}")
    assert detail.status == 200
    assert detail.json["inputs"]["half"] == "?"
    assert detail.json["attributes"]["nan"] == "nan"
    assert ask(server.url, "/api/traces").status == 200


def test_health_names_the_version(server: BackgroundServer) -> None:
    assert ask(server.url, "/healthz").json == {"status": "ok", "version": "0.1.0"}


def test_answers_are_kept_by_no_cache(filled: BackgroundServer) -> None:
    assert ask(filled.url, "/api/traces").headers["cache-control"] == "no-store"


def test_a_list_can_be_filtered_bounded_and_ordered(server: BackgroundServer) -> None:
    second_ns = 10**9
    for number in range(1, 13):
        start_ns = START_NS // second_ns * second_ns + number * second_ns
        span = otlp_span(
            1,
            trace=trace_id(number),
            name="even" if number % 2 == 0 else "odd",
            start_time_unix_nano=start_ns,
            end_time_unix_nano=start_ns + (13 - number) * second_ns,
        )
        assert send(server.url, request(span)).status == 200

    def numbers(query: str) -> list[int]:
        path = f"/api/traces?limit=2&{query}"
        found: list[int] = []
        cursor = ""
        while True:
            page = ask(server.url, path + cursor).json
            found += [int(trace["trace_id"], 16) for trace in page["traces"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    first = START_NS // second_ns * second_ns
    known = {int(trace_id(number).hex(), 16): number for number in range(1, 13)}

    def traces(query: str) -> list[int]:
        return [known[found] for found in numbers(query)]

    assert traces("filter=name%3D'even'") == [12, 10, 8, 6, 4, 2]
    assert traces(f"since_ns={first + 4 * second_ns}&until_ns={first + 8 * second_ns}") == [7, 6, 5, 4]
    assert traces(f"filter=name%3D'odd'&since_ns={first + 10 * second_ns}") == [11]
    assert traces("order_by=execution_time%20ASC") == list(range(12, 0, -1))
    assert traces("order_by=execution_time%20DESC&filter=latency>11s") == [1]
    assert traces("experiment=nobody&filter=name%3D'even'") == []


def test_a_wrong_filter_of_the_list_names_its_column(server: BackgroundServer) -> None:
    answer = ask(server.url, "/api/traces?filter=statos%20%3D%20'ERROR'")
    assert answer.status == 400
    assert (answer.json["filter_fault"]["column"], answer.json["filter_fault"]["suggestion"]) == (1, "status")
    assert ask(server.url, "/api/traces?since_ns=yesterday").status == 400
