"""The filter language over ClickHouse: it finds the traces that memory does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outcrop.assemble import assemble_trace
from outcrop.assessments import Annotations
from outcrop.filter.matching import matches
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.pricing.quote import price_of
from outcrop.views import read_span
from outcrop_server.ingest.pipeline import Pipeline
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.support.annotations import judgement
from server.tests.support.clickhouse import Clickhouse
from tests.system.test_filters import (
    ASKED_LATER,
    EXAMPLES,
    NUMBERS,
    SHORT,
    START_NS,
    assessment,
    filters,
    records,
    stores,
)


@pytest.fixture(scope="module")
def store(clickhouse: Clickhouse) -> Iterator[ClickhouseStore]:
    opened = ClickhouseStore(clickhouse.new_database(), gather_s=0.0, is_durable=False)
    yield opened
    opened.close()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stores, st.lists(filters, min_size=1, max_size=12), st.booleans())
@example(SHORT, ["NOT (tags.a = 'x')", "tags.a != 'x'", "NOT span.error = 'a'", "span.name != 'a'"], False)
@example(SHORT, EXAMPLES, True)
@example(ASKED_LATER, ["prompt LIKE '%'", "span.content LIKE '%Ab%'"], True)
def test_memory_and_clickhouse_find_the_same_traces(
    store: ClickhouseStore, kept: list[Any], asked: list[str], is_filled: bool
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


def test_the_deepest_and_the_longest_filters_run(store: ClickhouseStore) -> None:
    deep = "span.name = 'z'"
    for number in range(6):
        deep = f"NOT (latency > 1s AND (name = 'b' OR {deep}))" if number % 2 else f"(name = 'b' AND {deep})"
    for text in (deep, " OR ".join(["span.name = 'a' AND tags.a != 'b'"] * 50), "NOT " * 12 + "a"):
        assert store.search(TraceSearch(parse_filter(text), experiments=("nobody",))) == []
