"""The part of the suite about notes of traces and documents. `conformance` has the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from outcrop_server.model.aggregates import AggregateQuery, SessionQuery
from outcrop_server.model.annotations import (
    Assessment,
    AssessmentContent,
    Document,
    DocumentKey,
    TraceEdit,
    TraceNote,
)
from outcrop_server.model.rows import TraceRow
from outcrop_server.model.search import TraceSearch
from outcrop_server.query.scope import parsed
from outcrop_server.storage.api import TraceStore
from server.tests.support.spans import TRACE, new_span, trace_id

JUDGED = Assessment("a-1", TRACE, "feedback", AssessmentContent("good", True, "HUMAN", "ann"), 5, 6)
EDIT = TraceEdit({"env": "日本"}, {"run": "7", "gone": None}, "s-1", "u-1", "ERROR")
NOTE = TraceNote("A", EDIT, (JUDGED,))
SPANS = [
    new_span(2, 1, experiment="A", is_experiment_named=True),
    new_span(
        1,
        experiment="A",
        is_experiment_named=True,
        session_id="spans say",
        tags={"env": "spans say", "more": "x"},
        metadata={"gone": "spans say"},
    ),
]
FILE = Document(DocumentKey("file", "1/a"), "A", b"\0bytes", TRACE)


class NoteConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def _row(self, store: TraceStore) -> TraceRow:
        stored = store.trace(TRACE)
        assert stored is not None
        return stored.row

    def test_a_note_counts_the_same_before_between_and_behind_the_spans(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        rows: list[TraceRow] = []
        for place in range(3):
            store.delete_traces([TRACE]).result()
            for number in range(3):
                if number == place:
                    assert store.note_trace(TRACE, NOTE).result()
                if number < len(SPANS):
                    store.append([SPANS[number]]).result()
            assert store.assessments(TRACE) == [JUDGED]
            assert store.waiting_note(TRACE) is None
            rows.append(self._row(store))
            found = store.search(TraceSearch(parsed("tag.env = '日本' AND metadata.run = '7'")[0]))
            assert [each.trace.row for each in found] == [rows[-1]]
            (group,) = store.aggregate(AggregateQuery()).groups
            assert group.traces is not None
            assert (group.traces.count, group.traces.errors) == (1, 1)
            assert [each.session_id for each in store.sessions(SessionQuery())] == ["s-1"]
        assert (rows[0].session_id, rows[0].user_id, rows[0].status) == ("s-1", "u-1", "ERROR")
        assert (rows[0].tags, rows[0].metadata) == ({"env": "日本", "more": "x"}, {"run": "7"})
        assert rows[0] == rows[1] == rows[2]
        other = self.open(tmp_path)
        assert self._row(other) == rows[0]
        other.close()

    def test_a_trace_of_which_only_a_note_came_is_not_there(self, store: TraceStore) -> None:
        assert store.note_trace(TRACE, NOTE).result()
        assert store.trace(TRACE) is None
        assert store.traces(None, None, 10) == []
        assert store.assessments(TRACE) == []
        assert not store.edit_trace(TRACE, TraceEdit({"a": "b"})).result()
        assert store.waiting_note(TRACE) == NOTE

    def test_notes_that_wait_count_one_after_the_other(self, store: TraceStore) -> None:
        later = replace(JUDGED, assessment_id="a-2")
        store.note_trace(TRACE, NOTE).result()
        store.note_trace(TRACE, TraceNote("A", TraceEdit({"env": "2", "b": "3"}), (JUDGED, later))).result()
        store.append(SPANS).result()
        row = self._row(store)
        assert row.tags == {"env": "2", "b": "3", "more": "x"}
        assert (row.session_id, row.metadata) == ("s-1", {"run": "7"})
        assert store.assessments(TRACE) == [JUDGED, later]

    def test_a_note_goes_with_its_deletion(self, store: TraceStore) -> None:
        store.note_trace(TRACE, NOTE).result()
        assert store.delete_traces([TRACE]).result() == 0
        store.append(SPANS).result()
        assert self._row(store).session_id == "spans say"

    def test_documents_come_back_by_their_key_until_their_trace_is_deleted(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        free = Document(DocumentKey("file", "1/b%"), "A", b"", None)
        assert store.put_document(replace(FILE, content=b"before")).result()
        for document in (FILE, free, replace(free, place=DocumentKey("run", "1/a"))):
            assert store.put_document(document).result()
        assert (store.document(FILE.place), store.document(free.place)) == (FILE, free)
        assert store.document(DocumentKey("run", "1/b%")) is None
        assert store.document_keys("file", "1/", 10) == [("1/a", 6), ("1/b%", 0)]
        assert store.document_keys("file", "1/b", 10) == [("1/b%", 0)]
        assert store.document_keys("file", "", 1) == [("1/a", 6)]
        other = self.open(tmp_path)
        assert other.document(FILE.place) == FILE
        other.close()
        store.append(SPANS).result()
        store.delete_traces([TRACE]).result()
        assert store.document(FILE.place) is None
        assert store.delete_document(free.place).result()
        assert not store.delete_document(free.place).result()

    def test_notes_and_documents_are_listed_in_pages_each_once(self, store: TraceStore) -> None:
        for number in (3, 1, 2):
            store.note_trace(trace_id(number), NOTE).result()
            for collection in ("b", "a"):
                place = DocumentKey(collection, f"{number}")
                store.put_document(Document(place, "A", bytes([number]) * number)).result()
        notes: list[bytes] = []
        while page := store.waiting_notes(notes[-1] if notes else None, 2):
            assert [note for _, note in page] == [NOTE] * len(page)
            notes += [one for one, _ in page]
        assert notes == [trace_id(1), trace_id(2), trace_id(3)]
        documents: list[Document] = []
        while found := store.documents(documents[-1].place if documents else None, 2):
            documents += found
        assert [each.place for each in documents] == [
            DocumentKey(collection, f"{number}") for collection in ("a", "b") for number in (1, 2, 3)
        ]
        assert [each.content for each in documents] == [b"\1", b"\2\2", b"\3\3\3"] * 2
        assert {each.experiment for each in documents} == {"A"}
