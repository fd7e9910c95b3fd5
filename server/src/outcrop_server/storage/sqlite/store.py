"""The SQLite store: the contract of `storage.api`, from its parts."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from outcrop_server.model.changes import ChangedTrace, ChangePosition
from outcrop_server.model.errors import StoreError
from outcrop_server.model.rows import SpanRow, StoredTrace, TracePosition
from outcrop_server.model.search import FoundTrace, TraceSearch
from outcrop_server.model.store_health import CommitWatch, StoreHealth, watch_nothing
from outcrop_server.model.timeline import Timeline
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.common import columns
from outcrop_server.storage.common.frames import unpack
from outcrop_server.storage.common.no_days import DeletesNoDays
from outcrop_server.storage.common.prepared import prepare
from outcrop_server.storage.sqlite import ageing, changes, facets, judging, tree
from outcrop_server.storage.sqlite import health as disk
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.aggregate import aggregate
from outcrop_server.storage.sqlite.blobs import SELECT_PLACES, whole_payload
from outcrop_server.storage.sqlite.candidates import candidates
from outcrop_server.storage.sqlite.choices import StoreOfChoices
from outcrop_server.storage.sqlite.committer import Committer
from outcrop_server.storage.sqlite.connections import ReaderPool, make_private, open_writer
from outcrop_server.storage.sqlite.experiments import read_experiments, read_named_experiments
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.search import search_sql
from outcrop_server.storage.sqlite.sessions import read_sessions, session_traces_sql
from outcrop_server.storage.sqlite.upkeep.compacting import give_back_pages, merge_log
from outcrop_server.storage.sqlite.upkeep.opening import lock_path, snapshot
from outcrop_server.storage.sqlite.words.text_search import TextSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outcrop_server.model.aggregates import (
        AggregateQuery,
        Aggregates,
        Count,
        Facets,
        SessionQuery,
        SessionRow,
    )
    from outcrop_server.model.annotations import Assessment, AssessmentContent, TraceEdit
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import ExperimentRow, NamedExperiment, OldTrace
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.model.tree import SpanPosition, SubtreeTotals

DEFAULT_MAX_WAITING_BYTES = 256 << 20
DEFAULT_SEARCH_S = 10.0
_LOCK_TIMEOUT_S = 30.0
# Counts stop where searches go on.
_COUNTING_S = 1.0


class SqliteStore(StoreOfChoices, DeletesNoDays):
    """Keeps traces in one SQLite file; see `storage.api.TraceStore` for what its methods promise.

    Args:
        path: the file; made if missing, brought to the newest version if older.
        max_waiting_bytes: most prepared bytes that may wait to be committed.
        on_commit: told of each commit, in the committing thread.
        read_text: reads a payload's text.
        search_s: seconds after which a search that has to look into payloads ends with an error.
        fills_apart: whether the index of words is filled by a process of its own, as a server wants it.

    Raises:
        StoreError: the file cannot be used; says why and what to do.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_waiting_bytes: int = DEFAULT_MAX_WAITING_BYTES,
        on_commit: CommitWatch = watch_nothing,
        read_text: ReadText = read_text,
        search_s: float = DEFAULT_SEARCH_S,
        fills_apart: bool = False,
    ) -> None:
        self._path = path
        self._max_waiting_bytes = max_waiting_bytes
        make_private(path)
        try:
            self._lock = FileLock(lock_path(path), _LOCK_TIMEOUT_S)
        except OSError as error:
            raise StoreError(
                f"The folder of the store {path} cannot be written: {error.strerror}."
            ) from error
        try:
            connection = open_writer(path, self._lock)
        except BaseException:
            self._lock.close()
            raise
        self._committer = Committer(connection, self._lock, max_waiting_bytes, on_commit)
        self._readers = ReaderPool(path)
        self._texts = TextSearch(
            path, self._readers, read_text, self._committer.is_busy, search_s, fills_apart=fills_apart
        )
        self._is_closed = False

    def append(self, spans: Sequence[NewSpan], give_way: Callable[[], None] | None = None) -> Future[int]:
        """Compresses here, commits in the committer's thread."""
        self._committer.check_room()
        if not spans:
            nothing = Future[int]()
            nothing.set_result(0)
            return nothing
        traces = prepare(spans, give_way)
        return self._committer.submit(
            lambda writer: writer.write(traces), sum(trace.size for trace in traces)
        )

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment, that of the newest trace first."""
        with self._readers.reading() as connection:
            return read_experiments(connection)

    def named_experiments(self) -> list[NamedExperiment]:
        """What every experiment is known by."""
        with self._readers.reading() as connection:
            return read_named_experiments(connection)

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, newest first."""
        conditions: list[str] = []
        values: list[Any] = []
        if experiment is not None:
            conditions.append(sql.IN_EXPERIMENT)
            values.append(experiment)
        if after is not None:
            conditions.append(sql.AFTER)
            values.extend(after)
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        with self._readers.reading() as connection:
            rows = connection.execute(
                sql.SELECT_TRACES + where + sql.NEWEST_FIRST, (*values, limit)
            ).fetchall()
        return [_stored(row) for row in rows]

    def search(self, search: TraceSearch) -> list[FoundTrace]:
        """The traces that fit, in their order."""
        with self._texts.asked(search.where) as (connection, asking):
            # Where the only traces are named, no index has to find them.
            keys = candidates(search.where, connection, asking) if search.among is None else None
            statement = search_sql(search, keys)
            rows = connection.execute(statement.text, statement.values).fetchall()
        width = columns.TRACE.count(",") + 3
        return [FoundTrace(_stored(row[:width]), (*row[width:-1], bytes(row[-1]).hex())) for row in rows]

    def aggregate(self, query: AggregateQuery) -> Aggregates:
        """Numbers of many traces and calls, by group."""
        with self._texts.asked(query.where) as (connection, _):
            return aggregate(connection, query)

    def count(self, search: TraceSearch, max_traces: int) -> Count:
        """How many traces fit."""
        with self._texts.asked(search.where, _COUNTING_S) as (connection, asking):
            return facets.count(connection, search, max_traces, asking)

    def facets(self, search: TraceSearch, top: int, max_traces: int) -> Facets:
        """What the traces that fit have."""
        with self._texts.asked(search.where, _COUNTING_S) as (connection, asking):
            return facets.facets(connection, search, top, max_traces, asking)

    def timeline(self, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
        """How many of the traces that fit began when."""
        with self._texts.asked(search.where, _COUNTING_S) as (connection, asking):
            return facets.timeline(connection, search, interval_s, max_traces, asking)

    def words_waiting(self, experiments: tuple[str, ...] = ()) -> int:
        """How many traces searches of texts pass over."""
        return self._texts.passed_over(experiments)

    def start_filling(self, give_way: Callable[[], None] | None = None) -> None:
        """Fills the index of words from now on, in a thread of its own."""
        self._texts.filler.start(give_way)

    def fill_words(self) -> None:
        """Fills it until nothing waits; UnavailableError where another process does."""
        self._texts.filler.fill()

    def sessions(self, query: SessionQuery) -> list[SessionRow]:
        """A page of sessions, those used last first."""
        with self._readers.reading() as connection:
            return read_sessions(connection, query)

    def session_traces(
        self, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
    ) -> list[StoredTrace]:
        """A page of a session's traces, the first ones first."""
        statement, values = session_traces_sql(session_id, experiment, after, limit)
        with self._readers.reading() as connection:
            return [_stored(row) for row in connection.execute(statement, values)]

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary."""
        with self._readers.reading() as connection:
            row = connection.execute(sql.SELECT_TRACES + sql.WITH_TRACE_ID, (trace_id,)).fetchone()
        return None if row is None else _stored(row)

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans by start."""
        with self._readers.reading() as connection:
            rows = connection.execute(sql.SELECT_SPANS, (trace_id,)).fetchall()
        return [columns.to_span(row) for row in rows]

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload."""
        # Of one moment: frames and binaries of a trace that is deleted meanwhile would not fit together.
        with self._readers.reading() as connection, snapshot(connection):
            row = connection.execute(sql.SELECT_SPAN, (trace_id, span_id)).fetchone()
            if row is None:
                return None
            *values, offset, length, payload_id, frame = row
            rest = bytes(unpack(frame)[offset : offset + length])
            return columns.to_span(tuple(values)), whole_payload(connection, payload_id, offset, rest)

    def has_span(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether there is such a span."""
        with self._readers.reading() as connection:
            return connection.execute(sql.HAS_SPAN, (trace_id, span_id)).fetchone() is not None

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of a trace, one frame at a time."""
        with self._readers.reading() as connection:
            places: list[tuple[int, int, int, bytes]] = connection.execute(
                sql.SELECT_PLACES, (trace_id,)
            ).fetchall()
        current, payloads = None, memoryview(b"")
        lacking: list[int] = []
        for payload_id, offset, length, span_id in places:
            if payload_id != current:
                frame = self._frame(payload_id, trace_id, span_id)
                if frame is None:
                    # Deleted since; what follows is too.
                    return
                current = payload_id
                payloads, lacking = frame
            if any(offset < place <= offset + length for place in lacking):
                # By itself: the binaries of a frame together may be more than memory has room for.
                found = self.span(trace_id, span_id)
                if found is None:
                    return
                yield found[1]
            else:
                yield bytes(payloads[offset : offset + length])

    def top_spans(self, trace_id: bytes, after: SpanPosition | None, limit: int) -> list[SpanRow]:
        """A page of the spans without a parent."""
        with self._readers.reading() as connection:
            return tree.top_spans(connection, trace_id, after, limit)

    def child_spans(
        self, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
    ) -> list[SpanRow]:
        """A page of the spans below one."""
        with self._readers.reading() as connection:
            return tree.child_spans(connection, trace_id, parent_id, after, limit)

    def subtree(self, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
        """Sums over what is below a span."""
        with self._readers.reading() as connection:
            return tree.subtree(connection, trace_id, span_id, limit)

    def span_page(self, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
        """A page of spans by their ids."""
        with self._readers.reading() as connection:
            return tree.span_page(connection, trace_id, after, limit)

    def last_change(self) -> ChangePosition:
        """The newest change."""
        with self._readers.reading() as connection:
            return changes.last(connection)

    def changes(self, after: ChangePosition, limit: int) -> list[ChangedTrace] | None:
        """What changed since."""
        with self._readers.reading() as connection:
            rows = changes.since(connection, after, limit)
        return None if rows is None else [ChangedTrace(row[-1], _stored(row[:-1])) for row in rows]

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> Future[bool]:
        """Edits tags and metadata."""
        return self._committer.submit(lambda writer: writer.edit_trace(trace_id, edit))

    def assessments(self, trace_id: bytes) -> list[Assessment]:
        """A trace's judgements."""
        with self._readers.reading() as connection:
            return judging.read_assessments(connection, trace_id)

    def assessments_of(self, trace_ids: Sequence[bytes]) -> dict[bytes, list[Assessment]]:
        """The judgements of several traces."""
        with self._readers.reading() as connection:
            return judging.read_some_assessments(connection, trace_ids)

    def add_assessment(self, assessment: Assessment) -> Future[bool]:
        """Keeps a judgement."""
        return self._committer.submit(lambda writer: judging.insert_assessment(writer.connection, assessment))

    def update_assessment(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> Future[bool]:
        """Replaces what a judgement says."""
        return self._committer.submit(
            lambda writer: judging.update_assessment(
                writer.connection, trace_id, assessment_id, content, updated_at_ns
            )
        )

    def delete_assessment(self, trace_id: bytes, assessment_id: str) -> Future[bool]:
        """Deletes a judgement."""
        return self._committer.submit(
            lambda writer: judging.delete_assessment(writer.connection, trace_id, assessment_id)
        )

    def delete_traces(self, trace_ids: Sequence[bytes]) -> Future[int]:
        """Deletes traces by their ids."""
        return self._committer.submit(lambda writer: judging.delete_traces(writer, trace_ids))

    def delete_oldest(self, experiment: str, until_ns: int, limit: int) -> Future[int]:
        """Deletes the oldest traces of an experiment."""
        return self._committer.submit(
            lambda writer: judging.delete_oldest(writer, experiment, until_ns, limit)
        )

    def oldest(self, experiment: str, after: TracePosition | None, limit: int) -> list[OldTrace]:
        """A page of an experiment's traces, oldest first."""
        with self._readers.reading() as connection:
            return ageing.read_oldest(connection, experiment, after, limit)

    def experiment_bytes(self, experiment: str) -> int:
        """What an experiment takes."""
        with self._readers.reading() as connection:
            return ageing.read_experiment_bytes(connection, experiment)

    def used_bytes(self) -> int:
        """What the file takes without its free pages."""
        with self._readers.reading() as connection:
            return ageing.read_used_bytes(connection)

    def give_back(self, max_bytes: int, *, is_thorough: bool = False) -> int:
        """Cuts free pages off the file, however few there are."""
        del is_thorough
        with self._readers.reading() as connection:
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        if not free:
            # A transaction that writes nothing would pass for a proof that the disk can be written to.
            return 0
        pages = max(1, max_bytes // page_bytes)
        given = self._committer.submit(lambda writer: give_back_pages(writer.connection, pages)).result()
        if given:
            merge_log(self._path)
        return given * int(page_bytes)

    def health(self) -> StoreHealth:
        """How it is now."""
        if self._is_closed:
            return StoreHealth(False, None, None, None, 0, 0, self._max_waiting_bytes)
        items, size = self._committer.waiting()
        return StoreHealth(
            is_open=True,
            writer_fault=self._committer.fault(),
            disk_fault=disk.fault(self._path),
            free_bytes=disk.free_bytes(self._path),
            waiting_items=items,
            waiting_bytes=size,
            max_waiting_bytes=self._max_waiting_bytes,
            file_bytes=disk.file_bytes(self._path),
        )

    def close(self) -> None:
        """Commits what waits and lets go of everything."""
        if self._is_closed:
            return
        self._is_closed = True
        self._texts.close()
        self._readers.close()
        self._committer.close()
        self._lock.close()

    def _frame(self, payload_id: int, trace_id: bytes, span_id: bytes) -> tuple[memoryview, list[int]] | None:
        """What a frame with a span's payload holds, and the places where it lacks binaries."""
        with self._readers.reading() as connection, snapshot(connection):
            found = connection.execute(sql.SELECT_FRAME_OF_SPAN, (payload_id, trace_id, span_id)).fetchone()
            lacking = connection.execute(SELECT_PLACES, (payload_id,)).fetchall()
        return None if found is None else (unpack(found[0]), [place for (place,) in lacking])


def _stored(row: tuple[Any, ...]) -> StoredTrace:
    *values, experiment, experiment_id = row
    return StoredTrace(columns.to_trace(tuple(values), experiment), str(experiment_id))
