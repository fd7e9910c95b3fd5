"""A part of a store, asked as the contract allows: `api.test_scopes` has what callers see of it."""

from __future__ import annotations

from pathlib import Path

from outcrop_server.model.aggregates import AggregateQuery, SessionQuery
from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.scoped import ScopedStore
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.annotations import judgement
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, trace_id


def test_a_search_for_foreign_experiments_alone_finds_nothing_and_not_everything(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.append(
        [
            new_span(number, trace=trace_id(number), experiment=name, is_experiment_named=True)
            for number, name in ((1, "A"), (2, "B"), (3, "C"))
        ]
    ).result()
    scoped = ScopedStore(store, frozenset({"A", "B"}))

    def found(*experiments: str) -> list[int]:
        page = scoped.search(TraceSearch(experiments=experiments))
        return [int.from_bytes(each.trace.row.trace_id, "big") for each in page]

    assert found("C") == []
    assert found("C", "A") == [1]
    assert found() == [2, 1]
    assert [each.name for each in ScopedStore(store, frozenset({"A"})).named_experiments()] == ["A"]
    assert ScopedStore(store, frozenset()).search(TraceSearch()) == []
    for number in (1, 2):
        assert store.add_assessment(judgement(number, trace=trace_id(number))).result()
    of_a = ScopedStore(store, frozenset({"A"})).assessments_of([trace_id(1), trace_id(2)])
    assert of_a == {trace_id(1): store.assessments(trace_id(1))}
    assert ScopedStore(store, frozenset()).traces(None, None, 10) == []
    store.close()


def test_numbers_facets_and_sessions_are_of_the_scope_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.append(
        [
            model_call(
                number,
                trace=trace_id(number),
                experiment=name,
                is_experiment_named=True,
                session_id="s",
                start_time_ns=START_NS + number,
                end_time_ns=START_NS + 10 * number,
            )
            for number, name in ((1, "A"), (2, "B"), (3, "C"))
        ]
    ).result()
    scoped, nobody = ScopedStore(store, frozenset({"A", "B"})), ScopedStore(store, frozenset())

    def traces(view: ScopedStore, *experiments: str) -> int:
        (group,) = view.aggregate(AggregateQuery(experiments=experiments)).groups
        assert group.traces is not None
        return group.traces.count

    assert (traces(scoped), traces(scoped, "B", "C"), traces(scoped, "C"), traces(nobody)) == (2, 1, 0, 0)
    assert (scoped.count(TraceSearch(), 10).count, nobody.count(TraceSearch(), 10).count) == (2, 0)
    assert (
        scoped.facets(TraceSearch(), 5, 10).trace_count,
        nobody.facets(TraceSearch(), 5, 10).trace_count,
    ) == (2, 0)
    lines = [view.timeline(TraceSearch(), 60, 10) for view in (scoped, nobody)]
    assert [sum(bar.traces for bar in line.bars) for line in lines] == [2, 0]
    assert [row.experiment for row in scoped.sessions(SessionQuery())] == ["B", "A"]
    assert nobody.sessions(SessionQuery()) == []
    assert [each.row.trace_id for each in scoped.session_traces("s", None, None, 5)] == [
        trace_id(1),
        trace_id(2),
    ]
    assert [each.row.trace_id for each in scoped.session_traces("s", None, None, 1)] == [trace_id(1)]
    assert scoped.session_traces("s", "C", None, 5) == []
    store.close()


def test_notes_and_documents_of_other_experiments_are_not_there_and_take_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    mine, other = ScopedStore(store, frozenset({"A"})), trace_id(2)
    store.append([new_span(2, trace=other, experiment="B", is_experiment_named=True)]).result()
    note = TraceNote("A", TraceEdit({"env": "prod"}))
    assert not mine.note_trace(other, note).result()
    assert not mine.note_trace(TRACE, TraceNote("B", TraceEdit())).result()
    store.note_trace(trace_id(3), TraceNote("B", TraceEdit())).result()
    assert not mine.note_trace(trace_id(3), note).result()
    assert mine.waiting_note(trace_id(3)) is None
    assert mine.note_trace(TRACE, note).result()
    assert mine.waiting_note(TRACE) == note
    theirs = Document(DocumentKey("file", "b"), "B", b"theirs")
    store.put_document(theirs).result()
    assert not mine.put_document(Document(theirs.place, "A", b"mine")).result()
    assert not mine.put_document(Document(DocumentKey("file", "c"), "B", b"mine")).result()
    assert not mine.delete_document(theirs.place).result()
    assert mine.document(theirs.place) is None
    assert mine.put_document(Document(DocumentKey("file", "a"), "A", b"mine")).result()
    assert mine.document_keys("file", "", 10) == [("a", 4)]
    assert store.document(theirs.place) == theirs
    store.close()
