"""Traces that run still, orphans, large trees and large payloads, over HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from outcrop.bedrock.chunks import Pieces
from outcrop.testing.event_stream import encode_frame
from outcrop_server.query.bounds import MEMBER_BYTES
from outcrop_server.query.reader import DETAIL_SPANS
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import TRACE, otlp_span, request, span_id, trace_id

PATH = f"/api/traces/{TRACE.hex()}"


def put(server: BackgroundServer, *spans: Any) -> None:
    assert send(server.url, request(*spans)).status == 200


def tree_page(server: BackgroundServer, **query: Any) -> Any:
    given = "&".join(f"{name}={value}" for name, value in query.items())
    answer = ask(server.url, f"{PATH}/spans?{given}")
    assert answer.status == 200, answer.body
    return answer.json


def numbers(spans: list[Any]) -> list[int]:
    return [int(span["span_id"], 16) for span in spans]


def payload(server: BackgroundServer, part: str, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(server.url, f"{PATH}/spans/{span_id(1).hex()}/payload/{part}", headers=given)


def test_a_trace_without_its_root_runs_and_is_complete_when_that_comes(server: BackgroundServer) -> None:
    now_ns = time.time_ns()
    times: dict[str, Any] = {"start_time_unix_nano": now_ns - 1000, "end_time_unix_nano": now_ns}
    put(server, otlp_span(2, 1, **times), otlp_span(3, 2, trace=trace_id(5)))

    def states() -> dict[int, str]:
        traces = ask(server.url, "/api/traces").json["traces"]
        return {int(each["trace_id"], 16): each["state"] for each in traces}

    whole = int.from_bytes(TRACE, "big")
    assert states() == {whole: "IN_PROGRESS", 5: "INCOMPLETE"}
    put(server, otlp_span(1, **times))
    assert states()[whole] == "COMPLETE"
    assert ask(server.url, PATH).json["info"]["state"] == "COMPLETE"


def test_a_parent_that_never_came_does_not_hide_its_children(server: BackgroundServer) -> None:
    put(server, otlp_span(1), otlp_span(2, 1), otlp_span(3, 77), otlp_span(4, 3), otlp_span(5, 5))
    detail = ask(server.url, PATH).json
    marked = {int(span["span_id"], 16): span["is_orphan"] for span in detail["spans"]}
    # One that names itself has no parent at all.
    assert marked == {1: False, 2: False, 3: True, 4: False, 5: False}
    top = tree_page(server)["spans"]
    assert [(number, span["is_orphan"]) for number, span in zip(numbers(top), top, strict=True)] == [
        (1, False),
        (5, False),
        (3, True),
    ]
    assert numbers(tree_page(server, parent=span_id(77).hex())["spans"]) == [3]
    one = ask(server.url, f"{PATH}/spans/{span_id(3).hex()}").json["span"]
    assert (one["is_orphan"], one["parent_id"]) == (True, span_id(77).hex())


def test_spans_that_are_each_others_parents_are_opened_at_the_earliest(server: BackgroundServer) -> None:
    put(server, otlp_span(2, 3), otlp_span(3, 4), otlp_span(4, 2), otlp_span(5, 3), otlp_span(1, 5))
    detail = ask(server.url, PATH).json
    assert [int(span["span_id"], 16) for span in detail["spans"] if span["is_orphan"]] == [2]


def test_children_come_by_pages_with_sums_over_what_is_below(server: BackgroundServer) -> None:
    spans = [otlp_span(1), *(otlp_span(number, 1) for number in range(2, 9))]
    spans += [otlp_span(number, 3, status="ERROR") for number in range(10, 15)]
    put(server, *spans)
    (root,) = tree_page(server)["spans"]
    assert (root["child_count"], root["below"]["span_count"], root["below"]["error_count"]) == (7, 12, 5)
    assert not root["below"]["is_partial"]
    seen: list[int] = []
    query: dict[str, Any] = {"parent": root["span_id"], "limit": 3}
    while True:
        page = tree_page(server, **query)
        seen += numbers(page["spans"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [2, 3, 4, 5, 6, 7, 8]
    leaf = tree_page(server, parent=span_id(14).hex())
    assert leaf == {"spans": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"{PATH}/spans?parent={span_id(99).hex()}", 404, "no span"),
        (f"/api/traces/{trace_id(9).hex()}/spans", 404, "There is no trace"),
        (f"{PATH}/spans?parent=xyz", 400, "16 hex digits"),
        (f"{PATH}/spans?cursor=xyz", 400, "cursor"),
        (f"{PATH}/spans?limit=501", 400, "limit"),
        (f"/api/traces/{trace_id(9).hex()}/outline", 404, "There is no trace"),
        (f"{PATH}/outline?after=xyz", 400, "16 hex digits"),
        (f"{PATH}/outline?limit=20001", 400, "limit"),
        (f"{PATH}/spans/{span_id(1).hex()}/payload/nothing", 400, "request-body"),
        (f"{PATH}/spans/{span_id(1).hex()}/payload/stream", 404, "no part 'stream'; it has otlp"),
        (f"{PATH}/spans/{span_id(8).hex()}/payload/otlp", 404, "no span"),
    ],
)
def test_what_is_not_there_or_not_understood_says_so(
    server: BackgroundServer, path: str, status: int, words: str
) -> None:
    put(server, otlp_span(1))
    answer = ask(server.url, path)
    assert (answer.status, words in answer.detail) == (status, True), answer.detail


def test_a_cursor_of_another_parent_is_refused(server: BackgroundServer) -> None:
    put(server, otlp_span(1), otlp_span(2, 1), otlp_span(3, 1), otlp_span(4, 2))
    cursor = tree_page(server, parent=span_id(1).hex(), limit=1)["next_cursor"]
    answer = ask(server.url, f"{PATH}/spans?parent={span_id(2).hex()}&cursor={cursor}")
    assert (answer.status, "another parent" in answer.detail) == (400, True)


def test_a_trace_of_50_000_spans_is_answered_in_small_pieces(server: BackgroundServer) -> None:
    count = 50_001
    # A root with 200 steps, each with 249 calls below it.
    steps = range(2, 202)
    put(server, otlp_span(1), *(otlp_span(number, 1) for number in steps))
    calls = [otlp_span(number, 2 + number % 200) for number in range(202, count + 1)]
    for start in range(0, len(calls), 10_000):
        put(server, *calls[start : start + 10_000])
    answer = ask(server.url, PATH)
    detail = answer.json
    assert (detail["info"]["span_count"], detail["spans_are_cut"]) == (count, True)
    assert len(detail["spans"]) == DETAIL_SPANS
    assert len(answer.body) < 700_000
    there = {span["span_id"] for span in detail["spans"]}
    assert all(span["parent_id"] in there for span in detail["spans"] if span["parent_id"])
    assert not any(span["is_orphan"] for span in detail["spans"])
    (root,) = tree_page(server)["spans"]
    assert (root["child_count"], root["below"]["span_count"]) == (200, 1000)
    assert root["below"]["is_partial"]
    page = tree_page(server, parent=root["span_id"], limit=10)
    assert numbers(page["spans"]) == list(steps)[:10]
    assert [span["child_count"] for span in page["spans"]] == [249] * 10
    below = tree_page(server, parent=page["spans"][0]["span_id"], limit=500)
    assert len(below["spans"]) == 249


def outlined(server: BackgroundServer, limit: int) -> list[dict[str, Any]]:
    """Every span of all pages of the outline, each as one dictionary."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = ask(server.url, f"{PATH}/outline?limit={limit}{after}").json
        words, failures = page["words"], page["failures"]
        for place in range(len(page["names"])):
            digits = slice(16 * place, 16 * place + 16)
            model, error = page["models"][place], page["errors"][place]
            found.append(
                {
                    "span_id": page["span_ids"][digits],
                    "parent_id": page["parent_ids"][digits].replace("0" * 16, "") or None,
                    "start_time_ns": str(int(page["base_time_ns"]) + page["start_offsets_ns"][place]),
                    "duration_ns": page["durations_ns"][place],
                    "name": words[page["names"][place]],
                    "span_type": words[page["types"][place]],
                    "status": words[page["statuses"][place]],
                    "model": None if model is None else words[model],
                    "error": None if error is None else failures[error],
                    "time_to_first_chunk_ns": page["first_chunks_ns"][place],
                    "cost_usd": page["costs_usd"][place],
                }
            )
        if page["next_after"] is None:
            return found
        after = f"&after={page['next_after']}"


def test_an_outline_says_of_each_span_what_the_trace_says(server: BackgroundServer) -> None:
    model = {"gen_ai.request.model": "amazon.nova-lite-v1:0", "gen_ai.operation.name": "chat"}
    used = {"gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 4}
    put(
        server,
        otlp_span(1, name="agent"),
        otlp_span(2, 1, attributes={**model, **used}),
        otlp_span(3, 1, status="ERROR", attributes={"error.type": "ThrottlingException"}),
        otlp_span(4, 77),
    )
    whole = ask(server.url, PATH).json["spans"]
    for limit in (3, 4, 100):
        spans = outlined(server, limit)
        wanted = sorted(whole, key=lambda span: str(span["span_id"]))
        assert spans == [{name: span[name] for name in spans[0]} for span in wanted]
    page = ask(server.url, f"{PATH}/outline").json
    assert (page["input_tokens"], page["output_tokens"]) == ([None, 30, None, None], [None, 4, None, None])


LARGE = json.dumps({"messages": [{"role": "user", "content": [{"text": "word " * 400_000}]}]}).encode()


@pytest.fixture
def with_payload(server: BackgroundServer) -> BackgroundServer:
    """One span with a request of 2 MB, an answer, and a stream in two pieces."""
    pieces = Pieces()
    for piece in (b"first ", b"second"):
        pieces.add(piece)
    attributes = {
        "outcrop.aws.operation": "Converse",
        "gen_ai.request.model": "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "outcrop.request.body": LARGE,
        "outcrop.response.body": b"\x89PNG",
        "outcrop.stream.chunks": pieces.packed(0.0),
        "outcrop.span.inputs": '{"who": "me"}',
    }
    put(server, otlp_span(1, attributes=attributes))
    return server


def test_a_part_comes_as_the_bytes_that_were_captured(with_payload: BackgroundServer) -> None:
    for part, data, kind in (
        ("request-body", LARGE, "application/json"),
        ("response-body", b"\x89PNG", "application/octet-stream"),
        ("stream", b"first second", "application/vnd.amazon.eventstream"),
        ("inputs", b'{"who": "me"}', "application/json"),
    ):
        answer = payload(with_payload, part)
        assert (answer.status, answer.headers["content-type"], answer.body == data) == (200, kind, True)
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-disposition"] == "attachment"
    exported = ask(with_payload.url, f"{PATH}/export").body
    assert payload(with_payload, "otlp").body == exported


@pytest.mark.parametrize(
    ("asked", "expected", "said"),
    [
        ("bytes=0-9", LARGE[:10], f"bytes 0-9/{len(LARGE)}"),
        ("bytes=100-", LARGE[100:], f"bytes 100-{len(LARGE) - 1}/{len(LARGE)}"),
        ("bytes=-5", LARGE[-5:], f"bytes {len(LARGE) - 5}-{len(LARGE) - 1}/{len(LARGE)}"),
        (f"bytes=7-{len(LARGE) + 99}", LARGE[7:], f"bytes 7-{len(LARGE) - 1}/{len(LARGE)}"),
        (f"Bytes = -{len(LARGE) * 2}", LARGE, f"bytes 0-{len(LARGE) - 1}/{len(LARGE)}"),
    ],
)
def test_a_range_gets_these_bytes_alone(
    with_payload: BackgroundServer, asked: str, expected: bytes, said: str
) -> None:
    answer = payload(with_payload, "request-body", range=asked)
    assert (answer.status, answer.headers["content-range"]) == (206, said)
    assert answer.body == expected


@pytest.mark.parametrize("asked", [f"bytes={len(LARGE)}-", "bytes=-0", "bytes=0-1,5-6"])
def test_a_range_that_is_not_there_or_more_than_one_gets_416(
    with_payload: BackgroundServer, asked: str
) -> None:
    answer = payload(with_payload, "request-body", range=asked)
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(LARGE)}")
    assert answer.detail


@pytest.mark.parametrize("asked", ["bytes=9-1", "bytes=-", "bytes", "items=0-1", "bytes=a-b"])
def test_a_range_of_no_known_form_is_passed_over(with_payload: BackgroundServer, asked: str) -> None:
    answer = payload(with_payload, "response-body", range=asked)
    assert (answer.status, answer.body) == (200, b"\x89PNG")


def test_who_has_the_bytes_is_told_so_and_a_part_of_other_bytes_is_not_given(
    with_payload: BackgroundServer,
) -> None:
    etag = payload(with_payload, "request-body").headers["etag"]
    for given in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = payload(with_payload, "request-body", if_none_match=given)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert payload(with_payload, "request-body", if_none_match='"other"').status == 200
    assert payload(with_payload, "stream").headers["etag"] != etag
    fits = payload(with_payload, "request-body", range="bytes=0-1", if_range=etag)
    assert (fits.status, fits.body) == (206, LARGE[:2])
    assert payload(with_payload, "request-body", range="bytes=0-1", if_range='"other"').status == 200


def test_a_large_payload_is_cut_in_json_and_says_where_the_whole_is(with_payload: BackgroundServer) -> None:
    answer = ask(with_payload.url, f"{PATH}/spans/{span_id(1).hex()}")
    detail = answer.json
    assert len(answer.body) < 3 * MEMBER_BYTES
    assert detail["cut_members"] == ["inputs", "chat"]
    text = detail["inputs"]["messages"][0]["content"][0]["text"]
    assert text.startswith("word word")
    assert "more characters)" in text[-40:]
    assert len(text) < MEMBER_BYTES + 100
    parts = {part["name"]: part for part in detail["payload_parts"]}
    assert set(parts) == {"request-body", "response-body", "stream", "inputs", "otlp"}
    assert parts["request-body"]["size_bytes"] == len(LARGE)
    assert ask(with_payload.url, parts["request-body"]["path"]).body == LARGE


def test_a_payload_of_ordinary_size_comes_whole(server: BackgroundServer) -> None:
    put(server, otlp_span(1, attributes={"outcrop.span.inputs": json.dumps({"text": "x" * 200_000})}))
    detail = ask(server.url, f"{PATH}/spans/{span_id(1).hex()}").json
    assert detail["cut_members"] == []
    assert len(detail["inputs"]["text"]) == 200_000


def test_what_a_large_stream_was_put_together_to_can_be_had_whole(server: BackgroundServer) -> None:
    pieces = Pieces()
    words = [f"word {number} " for number in range(12_000)]
    for text in words:
        event = {"contentBlockIndex": 0, "delta": {"text": text * 10}}
        headers = {":event-type": "contentBlockDelta", ":message-type": "event"}
        pieces.add(encode_frame(headers, json.dumps(event).encode()))
    attributes = {
        "outcrop.aws.operation": "ConverseStream",
        "gen_ai.request.model": "amazon.nova-lite-v1:0",
        "outcrop.request.body": b"{}",
        "outcrop.stream.chunks": pieces.packed(0.0),
    }
    put(server, otlp_span(1, attributes=attributes))
    detail = ask(server.url, f"{PATH}/spans/{span_id(1).hex()}").json
    assert "outputs" in detail["cut_members"]
    parts = {part["name"]: part for part in detail["payload_parts"]}
    derived = {name: part["is_derived"] for name, part in parts.items()}
    assert derived == {"request-body": False, "stream": False, "outputs": True, "otlp": False}
    whole = ask(server.url, parts["outputs"]["path"])
    assert len(whole.body) == parts["outputs"]["size_bytes"] > MEMBER_BYTES
    (block,) = whole.json["output"]["message"]["content"]
    assert block["text"] == "".join(text * 10 for text in words)
    answer = payload(server, "outputs", range="bytes=10-19")
    assert (answer.status, answer.body) == (206, whole.body[10:20])


def test_what_other_senders_wrote_over_many_attributes_can_be_had_whole(server: BackgroundServer) -> None:
    asked = [{"role": "user", "parts": [{"type": "text", "content": "word " * 300_000}]}]
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(asked)}
    put(server, otlp_span(1, attributes=attributes))
    detail = ask(server.url, f"{PATH}/spans/{span_id(1).hex()}").json
    assert detail["cut_members"] == ["inputs", "chat", "attributes"]
    assert payload(server, "inputs").json == {"messages": asked}
    assert payload(server, "outputs").status == 404
