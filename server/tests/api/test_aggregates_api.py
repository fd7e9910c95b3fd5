"""Numbers, facets, counts, sessions and comparisons over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from outcrop_server.api import aggregate_schemas as schemas
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite import rollup_series
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import START_NS, otlp_span, request, trace_id

MINUTE_NS = 60 * 10**9
FIRST_MINUTE_NS = START_NS // MINUTE_NS * MINUTE_NS
CALL = {
    "outcrop.span.type": "CHAT_MODEL",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-nobody-knows",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 4,
}
ODD_SESSION = "chat/7 日本?&%"


@pytest.fixture
def filled(server: BackgroundServer) -> BackgroundServer:
    """A server with three traces: a root and a call each, in two experiments, a minute apart."""
    for number, experiment, status in ((1, "a", "OK"), (2, "a", "ERROR"), (3, "b", "OK")):
        start_ns = START_NS + number * MINUTE_NS
        grouping: dict[str, Any] = {
            "session.id": ODD_SESSION,
            "user.id": f"user {number}",
            "outcrop.tag.n": str(number),
        }
        shared: dict[str, Any] = {
            "status": status,
            "start_time_unix_nano": start_ns,
            "trace": trace_id(number),
        }
        body = request(
            otlp_span(
                1,
                name="agent",
                attributes=grouping,
                end_time_unix_nano=start_ns + number * 10**9,
                **shared,
            ),
            otlp_span(2, 1, name="chat", attributes=CALL, end_time_unix_nano=start_ns + 10**8, **shared),
            resource={"outcrop.experiment.name": experiment},
        )
        assert send(server.url, body).status == 200
    return server


def post(server: BackgroundServer, path: str, body: Any) -> Answer:
    headers = {"content-type": "application/json"}
    return ask(server.url, path, method="POST", body=json.dumps(body).encode(), headers=headers)


def get(server: BackgroundServer, path: str, **query: Any) -> Answer:
    return ask(server.url, f"{path}?{urlencode(query, doseq=True)}")


def aggregates(answer: Answer) -> schemas.AggregateAnswer:
    assert answer.status == 200, answer.body
    return schemas.AggregateAnswer.model_validate(answer.json)


def test_it_is_said_where_names_were_too_many_to_be_kept_apart(
    server: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_series, "MAX_SERIES", 2)
    for number in range(1, 6):
        call = otlp_span(1, name=f"order {number}", attributes=CALL, trace=trace_id(number))
        assert send(server.url, request(call)).status == 200
    found = aggregates(get(server, "/api/aggregates", group_by="operation"))
    counts = {group.key["operation"]: group.calls.count for group in found.groups}
    assert counts == {"order 1": 1, "order 2": 1, "(other)": 3}
    assert found.has_others
    assert not aggregates(get(server, "/api/aggregates", group_by="model")).has_others


def test_numbers_of_everything(filled: BackgroundServer) -> None:
    found = aggregates(get(filled, "/api/aggregates"))
    (only,) = found.groups
    assert (only.key, found.is_complete, found.until_ns) == ({}, True, None)
    assert only.traces is not None
    assert (only.traces.count, only.traces.errors) == (3, 1)
    assert only.traces.latency is not None
    for exact, near in zip((2, 3, 3), only.traces.latency.model_dump().values(), strict=True):
        assert near == pytest.approx(exact * 10**9, rel=found.relative_error)
    assert (only.calls.count, only.calls.errors, only.calls.unpriced) == (3, 1, 3)
    assert (only.calls.usage.input_tokens, only.calls.usage.total_tokens) == (30, 42)
    assert only.calls.cost_usd == 0


def test_groups_by_get_and_post_are_the_same(filled: BackgroundServer) -> None:
    asked: dict[str, Any] = {
        "group_by": ["time", "experiment"],
        "interval_s": 60,
        "since_ns": str(START_NS + MINUTE_NS),
        "until_ns": str(START_NS + 2 * MINUTE_NS),
        "experiments": ["a", "b"],
        "filter": "",
    }
    by_post = aggregates(post(filled, "/api/aggregates", asked))
    assert aggregates(get(filled, "/api/aggregates", **asked)) == by_post
    # Both minutes are whole: the range is wider than asked, and says so.
    assert (by_post.since_ns, by_post.until_ns) == (
        str(FIRST_MINUTE_NS + MINUTE_NS),
        str(FIRST_MINUTE_NS + 3 * MINUTE_NS),
    )
    assert [(group.key, group.traces and group.traces.count) for group in by_post.groups] == [
        ({"time": str(FIRST_MINUTE_NS + MINUTE_NS), "experiment": "a"}, 1),
        ({"time": str(FIRST_MINUTE_NS + 2 * MINUTE_NS), "experiment": "a"}, 1),
    ]


def test_groups_of_calls_have_no_traces(filled: BackgroundServer) -> None:
    asked = {"group_by": ["model", "operation", "span_type"]}
    (only,) = aggregates(post(filled, "/api/aggregates", asked)).groups
    assert only.traces is None
    expected = {"model": "claude-nobody-knows", "operation": "chat", "span_type": "CHAT_MODEL"}
    assert (only.key, only.calls.count) == (expected, 3)
    (none,) = aggregates(post(filled, "/api/aggregates", {"models": ["another"]})).groups
    assert (none.traces, none.calls.count) == (None, 0)


def test_filters_and_experiments_choose(filled: BackgroundServer) -> None:
    for asked, expected in (
        ({"filter": "status = 'ERROR'"}, 1),
        ({"filter": "experiment = 'a'"}, 2),
        ({"filter": "time > -1h"}, 0),
        ({"experiments": ["b"]}, 1),
        ({"experiments": ["nobody"]}, 0),
    ):
        (only,) = aggregates(post(filled, "/api/aggregates", asked)).groups
        assert only.traces is not None
        assert only.traces.count == expected, asked


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"group_by": ["colour"]}, "time"),
        ({"group_by": ["time", "time"]}, "twice"),
        ({"interval_s": 90}, "multiple of 60"),
        ({"interval_s": 0}, "greater than or equal to 60"),
        ({"limit": 0}, "limit"),
        ({"since_ns": "-1"}, "since_ns"),
        ({"until_ns": "soon"}, "until_ns"),
        ({"wanted": 1}, "wanted"),
        ({"filter": "statu = 'ERROR'"}, "column 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    filled: BackgroundServer, asked: dict[str, Any], words: str
) -> None:
    answer = post(filled, "/api/aggregates", asked)
    assert answer.status == 400
    assert words in answer.detail


def test_the_end_of_time_and_half_a_sign_are_no_error(filled: BackgroundServer) -> None:
    end: dict[str, Any] = {"until_ns": "9" * 19}
    for asked in ({"since_ns": "9" * 19}, end, {**end, "group_by": ["user"]}, {"models": ["\ud800"]}):
        assert aggregates(post(filled, "/api/aggregates", asked)).is_complete


def test_a_timeline_fits_its_traces(filled: BackgroundServer) -> None:
    for path in ("/api/timeline", "/api/timeline?filter=latency%20%3E%201ms"):
        found = schemas.TimelineAnswer.model_validate(ask(filled.url, path).json)
        assert (found.interval_s, found.is_exact) == (60, True)
        assert [(bar.count, bar.errors) for bar in found.bars] == [(1, 0), (1, 1), (1, 0)]
        assert [int(bar.start_ns) for bar in found.bars] == [
            FIRST_MINUTE_NS + minute * MINUTE_NS for minute in (1, 2, 3)
        ]
        assert int(found.until_ns) == FIRST_MINUTE_NS + 4 * MINUTE_NS
        assert int(found.until_ns) - int(found.since_ns) == 30 * MINUTE_NS
    failed = post(filled, "/api/timeline", {"filter": "status = 'ERROR'", "experiments": ["a"], "steps": 10})
    (bar,) = schemas.TimelineAnswer.model_validate(failed.json).bars
    assert (bar.count, bar.errors) == (1, 1)
    assert post(filled, "/api/timeline", {"experiments": ["nobody"]}).json["bars"] == []
    assert get(filled, "/api/timeline", steps=5).status == 400
    assert get(filled, "/api/timeline", filter="statos = 1").json["filter_fault"]["column"] == 1


def test_facets_and_counts(filled: BackgroundServer) -> None:
    for answer in (
        get(filled, "/api/facets", filter="experiment = 'a'", top=1),
        post(filled, "/api/facets", {"experiments": ["a"], "top": 1}),
    ):
        facets = schemas.FacetAnswer.model_validate(answer.json)
        assert (facets.trace_count, facets.is_exact) == (2, True)
        assert facets.facets["status"] == [schemas.FacetValue(value="ERROR", count=1, key=None)]
        assert facets.facets["session"] == [schemas.FacetValue(value=ODD_SESSION, count=2, key=None)]
        assert facets.facets["tag"] == [schemas.FacetValue(value="1", count=1, key="n")]
        assert facets.facets["operation"] == [schemas.FacetValue(value="chat", count=2, key=None)]
    assert post(filled, "/api/facets", {"experiments": ["nobody"]}).json["trace_count"] == 0
    assert get(filled, "/api/traces/count").json == {"count": 3, "is_exact": True}
    second = {"since_ns": str(START_NS + 2 * MINUTE_NS), "until_ns": str(START_NS + 3 * MINUTE_NS)}
    assert get(filled, "/api/traces/count", **second).json["count"] == 1
    bounded = schemas.FacetAnswer.model_validate(post(filled, "/api/facets", second).json)
    assert bounded.facets["tag"] == [schemas.FacetValue(value="2", count=1, key="n")]
    assert get(filled, "/api/traces/count", experiments=["a", "b"], filter="status = 'OK'").json["count"] == 2
    assert post(filled, "/api/traces/count", {"filter": "name = 'nobody'"}).json["count"] == 0
    assert post(filled, "/api/traces/count", {"experiments": ["nobody"]}).json["count"] == 0
    for path in ("/api/facets", "/api/traces/count"):
        fault = post(filled, path, {"filter": "statu = 'ERROR'"}).json["filter_fault"]
        assert (fault["column"], fault["suggestion"]) == (1, "status")


def test_sessions_in_pages_and_one_with_its_traces(filled: BackgroundServer) -> None:
    first = schemas.SessionPage.model_validate(get(filled, "/api/sessions", limit=1).json)
    (newest,) = first.sessions
    assert (newest.session_id, newest.experiment_name, newest.trace_count) == (ODD_SESSION, "b", 1)
    second = get(filled, "/api/sessions", limit=1, page_token=first.next_page_token).json
    ((older,), token) = (second["sessions"], second["next_page_token"])
    assert (older["experiment_name"], older["error_count"], older["usage"]["input_tokens"]) == ("a", 1, 20)
    assert older["last_start_ns"] == str(START_NS + 2 * MINUTE_NS)
    assert token is None
    assert len(get(filled, "/api/sessions", experiments=["b"]).json["sessions"]) == 1
    assert get(filled, "/api/sessions", experiments=["nobody"]).json["sessions"] == []

    path = f"/api/sessions/{quote(ODD_SESSION)}"
    one = schemas.SessionDetail.model_validate(get(filled, path, limit=2).json)
    assert len(one.sessions) == 2
    assert [trace.trace_id for trace in one.traces] == [trace_id(1).hex(), trace_id(2).hex()]
    rest = get(filled, path, limit=2, cursor=one.next_cursor).json
    assert [trace["trace_id"] for trace in rest["traces"]] == [trace_id(3).hex()]
    assert rest["next_cursor"] is None
    only_b = get(filled, path, experiment="b").json
    assert [len(only_b[name]) for name in ("sessions", "traces")] == [1, 1]


def test_sessions_that_are_not_there_and_tokens_that_are_not_ours(filled: BackgroundServer) -> None:
    assert get(filled, "/api/sessions/nobody").status == 404
    assert get(filled, f"/api/sessions/{quote(ODD_SESSION)}", experiment="nobody").status == 404
    for token in ("", "x", "!!!", "W10", "bnVsbA", "WzEsIngiLCIxIiwicyJd", "WzEsMSwiMSIsIlx1ZDgwMCJd"):
        answer = get(filled, "/api/sessions", page_token=token)
        assert (answer.status, "This page token" in answer.detail) == (400, True)


def test_traces_side_by_side(filled: BackgroundServer) -> None:
    ids = [trace_id(1).hex(), f"tr-{trace_id(3).hex()}"]
    found = schemas.ComparisonAnswer.model_validate(post(filled, "/api/compare", {"trace_ids": ids}).json)
    assert [trace.info.trace_id for trace in found.traces] == [trace_id(1).hex(), trace_id(3).hex()]
    first, other = (trace.difference for trace in found.traces)
    assert first is None
    assert other == schemas.Difference(
        duration_ns=2 * 10**9, input_tokens=0, output_tokens=0, cost_usd=None, has_other_status=False
    )
    assert [(place.name, place.depth, len(place.spans)) for place in found.spans] == [
        ("agent", 0, 2),
        ("chat", 1, 2),
    ]
    cells = found.spans[1].spans
    assert cells[0] is not None
    assert cells[1] is not None
    assert cells[0].difference is None
    assert cells[1].difference is not None
    assert cells[1].difference.duration_ns == 0
    assert (found.groups, found.is_complete) == ([], True)


def test_groups_side_by_side(filled: BackgroundServer) -> None:
    groups = [{"experiments": ["a"]}, {"filter": "experiment = 'b'"}, {"models": ["claude-nobody-knows"]}]
    found = schemas.ComparisonAnswer.model_validate(post(filled, "/api/compare", {"groups": groups}).json)
    assert [(group.traces and group.traces.count, group.calls.count) for group in found.groups] == [
        (2, 2),
        (1, 1),
        (None, 3),
    ]
    assert (found.traces, found.spans) == ([], [])
    assert not any(group.has_others for group in found.groups)


def test_a_group_says_where_calls_of_its_models_may_be_missing(
    server: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_series, "MAX_SERIES", 2)
    for number in range(1, 9):
        named = {**CALL, "gen_ai.request.model": f"model {number}"}
        call = otlp_span(1, name="chat", attributes=named, trace=trace_id(number))
        assert send(server.url, request(call)).status == 200
    groups = [{"models": ["model 1"]}, {"models": ["model 8"]}, {}]
    found = schemas.ComparisonAnswer.model_validate(post(server, "/api/compare", {"groups": groups}).json)
    assert [(group.calls.count, group.has_others) for group in found.groups] == [
        (1, True),
        (0, True),
        (8, False),
    ]


ONE = trace_id(1).hex()
BAD_COMPARISONS: list[tuple[dict[str, Any], int]] = [
    ({}, 400),
    ({"trace_ids": [ONE]}, 400),
    ({"trace_ids": [ONE] * 11}, 400),
    ({"trace_ids": [ONE] * 2, "groups": [{}, {}]}, 400),
    ({"trace_ids": [ONE, "x"]}, 400),
    ({"trace_ids": [ONE, trace_id(9).hex()]}, 404),
]


@pytest.mark.parametrize(("asked", "status"), BAD_COMPARISONS)
def test_a_comparison_of_nothing_is_refused(
    filled: BackgroundServer, asked: dict[str, Any], status: int
) -> None:
    answer = post(filled, "/api/compare", asked)
    assert (answer.status, bool(answer.detail)) == (status, True)
