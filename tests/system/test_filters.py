"""The filter language: its page's examples run, and memory and SQLite find the same traces."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outcrop.assemble import assemble_trace
from outcrop.assessments import Annotations, Assessment, Expectation, Feedback
from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import ServerApi
from outcrop.exceptions import ConfigurationError
from outcrop.filter.errors import FilterError
from outcrop.filter.matching import matches
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import EventRecord, SpanRecord
from outcrop.pricing.quote import price_of
from outcrop.views import read_span
from outcrop_server.ingest.pipeline import Pipeline
from outcrop_server.model.search import TraceSearch
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.annotations import judgement

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text("utf-8")
EXAMPLES = [
    line.rsplit(" | ", 1)[1].removesuffix(" |").strip("` ")
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| Field", "| Operator"))
]
START_NS = 1_700_000_000_000_000_000
NUMBERS = itertools.count(1)
TEXTS = st.sampled_from(["", "a", "A", "ab", "a%", "_", "[b]*", "é", "É", "Ab a"])

texts = st.none() | TEXTS
attributes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "gen_ai.request.model": st.sampled_from(["a", "Ab", "amazon.nova-lite-v1:0"]),
        "gen_ai.operation.name": st.sampled_from(["chat", "execute_tool"]),
        "gen_ai.usage.input_tokens": st.integers(0, 3000),
        "gen_ai.usage.output_tokens": st.integers(0, 3),
        "gen_ai.response.finish_reasons": st.sampled_from([["a"], ["max_tokens", "a"]]),
        "error.type": TEXTS,
        "session.id": TEXTS,
        "user.id": TEXTS,
        "outcrop.tag.a": TEXTS,
        "outcrop.metadata.a": TEXTS,
        "outcrop.span.inputs": st.sampled_from(
            ['"Ab a"', '{"a": "b a%", "n": [7, {"x": "東京タワー"}]}', '{"a": 1.5, "b": null}', "[]"]
        ),
        "outcrop.span.outputs": TEXTS.map(json.dumps) | st.sampled_from(['"get_weather(京都)"', '"a\\nb"']),
        "a": TEXTS | st.sampled_from([0, 1, 0.5, True, b"a", ["a", 1]]),
        "A b": st.just("us-east-1"),
    },
)
events = st.lists(
    TEXTS.map(lambda kind: EventRecord("exception", START_NS, {"exception.type": kind})), max_size=1
)
spans = st.tuples(TEXTS, st.sampled_from([0, 1, 2]), st.integers(0, 3000), attributes, events, TEXTS)
values = st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, "a", "true", "1", None, [1]])
judged = st.lists(st.tuples(st.sampled_from(["feedback", "expectation"]), values), max_size=2)
stores = st.lists(st.tuples(st.lists(spans, min_size=1, max_size=3), judged), min_size=1, max_size=3)

quoted = TEXTS.map(lambda text: f"'{text}'")
patterns = st.sampled_from(["'%'", "''", "'a%'", "'%b'", "'_'", "'%a%b%'", "'a\\%'", "'[b]*'", "'É'"])
text_fields = st.sampled_from(
    [
        "name",
        "model",
        "vendor",
        "tool",
        "finish_reason",
        "session",
        "user",
        "error",
        "error.message",
        "error_type",
        "error_message",
        "prompt",
        "text",
        "tags.a",
        "metadata.a",
        "tags.b",
        "span.name",
        "span.type",
        "span.model",
        "span.vendor",
        "span.error",
        "span.error_message",
        "span.finish_reason",
        "span.content",
        "span.attributes.a",
        "span.attributes.`A b`",
    ]
)
regular = st.sampled_from(
    ["'a'", "'^a'", "'(?i)b$'", "'[ab]{2}'", "'.+%'", "'a|é'", r"'\bweather\b'", r"'\d'", "'京.?|^$'", "'x'"]
)
number_fields = st.sampled_from(
    [
        "tokens.input",
        "tokens.output",
        "tokens.total",
        "cost",
        "span_count",
        "span.tokens.input",
        "span.tokens.total",
        "span.cost",
    ]
)
durations = st.sampled_from(["latency", "span.latency"])
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
many_fields = st.sampled_from(["feedback.a", "expectation.a"])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(" ".join)


conditions = st.one_of(
    joined(text_fields | many_fields, st.sampled_from(["=", "!="]), quoted),
    joined(text_fields | many_fields, st.sampled_from(["LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"]), patterns),
    joined(text_fields | many_fields, st.sampled_from(["RLIKE", "NOT RLIKE"]), regular),
    joined(
        st.just("span.content LIKE"), st.sampled_from(["'%weather%'", "'%京タ%'", "'Ab_a'", "'%b a\\%%'"])
    ),
    joined(st.just("span.attributes.a"), signs, st.sampled_from(["0", "1", "'true'", "'a'"])),
    joined(text_fields | many_fields, st.sampled_from(["IN ('a', 'Ab')", "NOT IN ('a')"])),
    joined(
        text_fields | many_fields | number_fields | durations, st.sampled_from(["IS NULL", "IS NOT NULL"])
    ),
    joined(number_fields | many_fields, signs, st.sampled_from(["0", "1", "0.5", "1k", "-1", "0.0001"])),
    joined(durations, signs, st.sampled_from(["0", "1s", "500ms", "1.5", "1m30s"])),
    joined(
        st.just("time"), signs.filter(lambda sign: "=" not in sign), st.sampled_from(["-1h", "'2023-11-14'"])
    ),
    joined(st.just("time"), signs, st.sampled_from(["1700000000000", "1700000000000.5", "1e300", "-1e300"])),
    joined(many_fields, st.sampled_from(["= true", "!= false", "IN (1, 0.5)", "NOT IN (1)"])),
    joined(st.sampled_from(["status", "span.status"]), st.sampled_from(["= 'ERROR'", "!= 'OK'"])),
    st.sampled_from(["a", '"Ab a"', "é", "(a OR b) AND status = 'OK'"]),
    st.sampled_from(
        ["東京", "京", "タワー", '"東 タ"', "WEATHER", '"get_weath"', "eathe", '"t_w"', "1.5", "zz", '"%"']
    ),
)
filters = st.recursive(
    conditions,
    lambda inner: st.one_of(
        joined(inner, st.sampled_from(["AND", "OR", "AND NOT"]), inner),
        inner.map("NOT ({})".format),
        inner.map("({})".format),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path_factory.mktemp("filters") / "traces.db")
    yield opened
    opened.close()


def records(given_spans: list[Any], trace: bytes, experiment: str) -> list[SpanRecord]:
    """The first span is the root, which the others stand below."""
    return [
        SpanRecord(
            trace_id=trace,
            span_id=(place + 1).to_bytes(8, "big"),
            parent_id=b"" if place == 0 else (1).to_bytes(8, "big"),
            name=name,
            kind=1,
            start_ns=START_NS + place * 1_000,
            end_ns=START_NS + (duration_ms + 5) * 1_000_000,
            status_code=status,
            status_message=message if status == 2 else "",
            attributes=dict(held),
            events=list(happened),
            experiment=experiment,
            scope="test",
        )
        for place, (name, status, duration_ms, held, happened, message) in enumerate(given_spans)
    ]


def assessment(kind: str, value: Any) -> Assessment:
    return Feedback("a", value) if kind == "feedback" else Expectation("a", value)


SHORT: Any = [([("a", 0, 1, {}, [], "")], [])]
_CALL = {"gen_ai.request.model": "a", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 0}
_ASKED = {**_CALL, "outcrop.span.inputs": '"Ab a"'}
# Neither the root nor its first call says what it was asked; a list shows all of what the second was.
ASKED_LATER: Any = [([("", 0, 0, {}, [], ""), ("", 0, 0, _CALL, [], ""), ("", 0, 0, _ASKED, [], "")], [])]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stores, st.lists(filters, min_size=1, max_size=12), st.booleans())
@example(SHORT, ["NOT (tags.a = 'x')", "tags.a != 'x'", "NOT span.error = 'a'", "span.name != 'a'"], False)
@example(SHORT, EXAMPLES, True)
@example(ASKED_LATER, ["prompt LIKE '%'", "span.content LIKE '%Ab%'"], True)
def test_memory_and_sqlite_find_the_same_traces(
    store: SqliteStore, kept: list[Any], asked: list[str], is_filled: bool
) -> None:
    experiment = f"e-{next(NUMBERS)}"
    pipeline = Pipeline(store, read_span, price_of)
    traces: dict[bytes, Any] = {}
    for given_spans, judgements in kept:
        trace_id = next(NUMBERS).to_bytes(16, "big")
        made = records(given_spans, trace_id, experiment)
        pipeline.accept(encode_request(map(encode_span, made), {})).stored.result()
        for place, (kind, value) in enumerate(judgements):
            number = trace_id[-4:].hex() + str(place)
            store.add_assessment(judgement(int(number, 16), "a", value, trace_id, kind=kind)).result()
        known = Annotations(assessments=[assessment(*each) for each in judgements])
        traces[trace_id] = assemble_trace(made, known)
    if is_filled:
        # Else what is new is looked at without the index.
        store.fill_words()
    for text in asked:
        where = resolved(parse_filter(text), START_NS // 1_000_000)
        in_memory = {trace_id for trace_id, trace in traces.items() if matches(where, trace)}
        found = store.search(TraceSearch(where, experiments=(experiment,)))
        assert {each.trace.row.trace_id for each in found} == in_memory, text


@pytest.mark.parametrize("depth", [12])
def test_the_deepest_and_the_longest_filters_run(store: SqliteStore, depth: int) -> None:
    deep = "span.name = 'z'"
    for _ in range(depth // 2):
        deep = f"NOT (latency > 1s AND (name = 'b' OR {deep}))" if _ % 2 else f"(name = 'b' AND {deep})"
    for text in (deep, " OR ".join(["span.name = 'a' AND tags.a != 'b'"] * 50), "NOT " * depth + "a"):
        assert store.search(TraceSearch(parse_filter(text), experiments=("nobody",))) == []


PIECES = [
    "name",
    "=",
    "'a'",
    '"',
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "ANY(",
    "IN",
    "IS",
    "NULL",
    "LIKE",
    "-1h",
    "2s",
    "time",
    "span.name",
    "RLIKE",
    "'a(b|[c'",
    "'(a+)+$'",
    "span.content",
    "span.attributes.",
    "tags.",
    ",",
    "2026-11-01",
    "é",
    "`",
    "<",
]


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        parse_filter(text)
    except FilterError as error:
        fault = error
        assert 1 <= fault.column <= len(text) + 1
        shown, caret = fault.excerpt.split("\n")
        # The caret stands under the sign of its column.
        assert shown.ljust(len(caret))[len(caret) - 1] in {text[fault.column - 1 : fault.column] or " ", " "}


@pytest.mark.parametrize(
    "text", ["a " * 5_000, " AND ".join(["a"] * 1_000), "(" * 200 + "a", "NOT " * 200 + "a", "'" * 9_999]
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match=r"at most|not closed"):
        parse_filter(text)


def test_a_fault_reaches_the_user_of_the_sdk_and_of_http(server: BackgroundServer) -> None:
    with pytest.raises(FilterError) as raised:
        ServerApi(server.url).search(TraceQuery(filter_string="latncy > 2s"))
    assert (raised.value.column, raised.value.suggestion) == (1, "latency")
    assert raised.value.excerpt == "  latncy > 2s\n  ^"
    with pytest.raises(ConfigurationError, match="Did you mean latency"):
        ServerApi(server.url).search(TraceQuery(order_by=["latncy"]))
