"""A store's copy holds what the store holds, whatever broke it off on the way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outcrop.views import glance_span
from outcrop_server.access.secret import new_token
from outcrop_server.ingest.copying import Copier, CopyReport
from outcrop_server.model.access import PageSession
from outcrop_server.model.aggregates import AggregateQuery
from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.model.views import SavedView, ViewColumn, ViewContent
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.storage.test_sqlite import assert_sound
from server.tests.support.annotations import judgement
from server.tests.support.clickhouse import Clickhouse
from server.tests.support.postgres import Postgres
from server.tests.support.spans import START_NS, trace_id
from server.tests.support.stores import fill

TRACES = 230
EDITED, JUDGED, LARGE = trace_id(7), trace_id(8), trace_id(900)
LOOKED_INTO = (EDITED, JUDGED, LARGE)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceStore]:
    """A store with something of everything."""
    path = tmp_path_factory.mktemp("source") / "store.db"
    fill(path, TRACES, experiment="first name")
    fill(path, 3, first=900, experiment="B", text_bytes=600_000)
    with closing(SqliteStore(path)) as store:
        experiment = next(row for row in store.experiments() if row.name == "first name")
        for name in ("second name", "日本の実験"):
            facts = ExperimentFacts(name, "trains", 17, "age=never")
            assert store.edit_experiment(experiment.experiment_id, facts).result()
        store.add_experiment(ExperimentFacts("empty", "nothing yet"), START_NS).result()
        edit = TraceEdit({"env": "prod", "gone": None}, {"run": "7"}, "my session", "ann", "ERROR")
        assert store.edit_trace(EDITED, edit).result()
        for number in (1, 2):
            store.add_assessment(judgement(number, trace=JUDGED, value={"a": [number]})).result()
        _, token = new_token("ci", "read", ("B",), "me")
        _, revoked = new_token("ci", "write", None, "me")
        store.add_access_token(revoked).result()
        store.revoke_access_token(revoked.token_id, 5, "ann").result()
        store.add_access_token(token).result()
        store.note_token_use({token.token_id: 99}).result()
        store.add_page_session(PageSession(b"\1" * 32, token.token_id, 2**62), 0, 10).result()
        content = ViewContent("mine", "B", {"filter": "status = 'ERROR'"}, (ViewColumn("name", 80),), True)
        store.add_view(SavedView("v1", content, "ann", 1, 2)).result()
        for key in ("1/a", "1/b", "2/c"):
            place = DocumentKey("mlflow-artifact", key)
            store.put_document(Document(place, "B", key.encode() * 9, LARGE)).result()
        note = TraceNote("B", TraceEdit({"early": "yes"}), (judgement(9, trace=trace_id(5_000)),))
        store.note_trace(trace_id(5_000), note).result()
        yield store


@pytest.fixture(params=["sqlite", "postgresql", "clickhouse"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TraceStore]:
    """An empty store of each engine."""
    if request.param == "sqlite":
        path = tmp_path / "target.db"
        with closing(SqliteStore(path)) as store:
            yield store
        assert_sound(path)
        return
    if request.param == "clickhouse":
        server: Clickhouse = request.getfixturevalue("clickhouse")
        from outcrop_server.storage.clickhouse.store import ClickhouseStore  # noqa: PLC0415 - an extra

        with (
            server.database() as uri,
            closing(ClickhouseStore(uri, gather_s=0.02, is_durable=False)) as store,
        ):
            yield store
        return
    database: Postgres = request.getfixturevalue("postgres")
    from outcrop_server.storage.postgresql.store import PostgresStore  # noqa: PLC0415 - an extra

    with database.database() as uri, closing(PostgresStore(uri)) as store:
        yield store


def copy(source: TraceStore, target: TraceStore) -> CopyReport:
    seen: list[tuple[int, int]] = []
    read_span = partial(glance_span, parse=parse_fast)
    report = Copier(source, target, read_span, lambda done, total: seen.append((done, total))).run()
    assert seen[-1] == (TRACES + 3, TRACES + 3)
    assert seen == sorted(seen)
    return report


def assert_same(source: TraceStore, target: TraceStore) -> None:
    """Whatever is asked of either, the answer is the same."""
    assert target.experiments() == source.experiments()
    traces = source.traces(None, None, 1_000)
    assert target.traces(None, None, 1_000) == traces
    # Of the others the rows alone: of some engines each question takes its time.
    for one in {*LOOKED_INTO, *(stored.row.trace_id for stored in traces[::10])}:
        assert target.spans(one) == source.spans(one)
        assert target.assessments(one) == source.assessments(one)
        assert sorted(target.payloads(one)) == sorted(source.payloads(one))
    everything = AggregateQuery(group_by=("experiment", "model", "operation"), limit=1_000)
    assert target.aggregate(everything) == source.aggregate(everything)
    assert target.access_tokens() == source.access_tokens()
    assert target.page_sessions() == source.page_sessions()
    assert target.views() == source.views()
    assert target.documents(None, 100) == source.documents(None, 100)
    assert target.waiting_notes(None, 100) == source.waiting_notes(None, 100)


def test_a_copy_answers_as_its_store_does(source: TraceStore, target: TraceStore) -> None:
    report = copy(source, target)
    assert (report.traces, report.known_traces, report.faults) == (TRACES + 3, 0, [])
    assert (report.spans, report.tokens, report.documents, report.assessments) == ((TRACES + 3) * 5, 2, 3, 2)
    assert_same(source, target)
    # Spans that name the experiment as it was called first come into it.
    assert {row.name: row.former_names for row in target.experiments()}["日本の実験"] == (
        "first name",
        "second name",
    )
    again = copy(source, target)
    assert again == CopyReport(known_traces=TRACES + 3)


class Failing:
    """A store whose disk is full from the n-th append on."""

    def __init__(self, store: TraceStore, appends: int) -> None:
        self._store = store
        self._left = appends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, *arguments: Any) -> Future[int]:
        self._left -= 1
        if self._left < 0:
            raise UnavailableError("The disk is full.")
        return self._store.append(*arguments)


@pytest.mark.parametrize("appends", [0, 3])
def test_a_copy_that_was_broken_off_goes_on(source: TraceStore, target: TraceStore, appends: int) -> None:
    broken: Any = Failing(target, appends)
    with pytest.raises(UnavailableError):
        copy(source, broken)
    brought = len(target.traces(None, None, 1_000))
    report = copy(source, target)
    # What was whole there is not brought again; the last page had been begun.
    assert report.known_traces >= brought - 100
    assert report.traces + report.known_traces == TRACES + 3
    assert report.faults == []
    assert_same(source, target)


def test_what_came_or_changed_meanwhile_comes_with_the_next_copy(tmp_path: Path, target: TraceStore) -> None:
    path = tmp_path / "live.db"
    fill(path, TRACES + 3)
    with closing(SqliteStore(path)) as live:
        copy(live, target)
    fill(path, 1, first=5_000)
    with closing(SqliteStore(path)) as live:
        live.delete_traces([trace_id(5)]).result()
        live.edit_trace(trace_id(6), TraceEdit({"env": "x"})).result()
        live.add_assessment(judgement(1, trace=trace_id(9))).result()
        report = copy(live, target)
        assert (report.traces, report.spans, report.assessments, report.faults) == (3, 5, 1, [])
        assert target.trace(trace_id(5_000)) == live.trace(trace_id(5_000))
        assert target.trace(trace_id(6)) == live.trace(trace_id(6))
    # What was deleted is not looked for: a copy only adds.
    assert target.trace(trace_id(5)) is not None


def test_what_cannot_be_brought_is_told(source: TraceStore, target: TraceStore) -> None:
    _, other = new_token("ci", "admin", None, "somebody")
    target.add_access_token(other).result()
    target.add_experiment(ExperimentFacts("first of all"), START_NS).result()
    report = copy(source, target)
    assert report.fault_count == len(report.faults) == 5
    assert sum("has the number" in fault for fault in report.faults) == 3
    assert report.faults.count("There is another token called 'ci'.") == 2
