"""The PostgreSQL store: the contract of `storage.api`, from its parts."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

import psycopg

from outcrop_server.model.capabilities import StoreCapabilities
from outcrop_server.model.errors import StoreError
from outcrop_server.model.store_health import CommitWatch, StoreHealth, watch_nothing
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.common.prepared import prepare
from outcrop_server.storage.common.sizes import Sizes
from outcrop_server.storage.common.trace_terms import texts_terms
from outcrop_server.storage.postgresql import ageing, changes, judging, listing, reading, removal, tree
from outcrop_server.storage.postgresql.choices import StoreOfChoices
from outcrop_server.storage.postgresql.committer import Committer
from outcrop_server.storage.postgresql.connections import ReaderPool, open_writer, snapshot
from outcrop_server.storage.postgresql.day_removal import DayRemoval
from outcrop_server.storage.postgresql.experiments import read_experiments, read_named_experiments
from outcrop_server.storage.postgresql.failures import line
from outcrop_server.storage.postgresql.giving_back import GivingBack
from outcrop_server.storage.postgresql.health import read_sizes
from outcrop_server.storage.postgresql.locks import FINISHING, KEEPING, key_of
from outcrop_server.storage.postgresql.rows import span_values
from outcrop_server.storage.postgresql.schema import migrate
from outcrop_server.storage.postgresql.searching import SearchingStore
from outcrop_server.storage.postgresql.session_lock import held_at_once
from outcrop_server.storage.postgresql.touched import ALONE, changed
from outcrop_server.storage.postgresql.writer_connection import WriterConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from outcrop_server.model.annotations import Assessment, AssessmentContent, TraceEdit
    from outcrop_server.model.changes import ChangedTrace, ChangePosition
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import (
        ExperimentRow,
        NamedExperiment,
        OldTrace,
        SpanRow,
        StoredTrace,
        TracePosition,
    )
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.model.tree import SpanPosition, SubtreeTotals

DEFAULT_MAX_WAITING_BYTES = 256 << 20
DEFAULT_SEARCH_S = 10.0
# Servers commonly allow a hundred connections, and more than one of ours may be there.
DEFAULT_MAX_READERS = 10


class PostgresStore(SearchingStore, StoreOfChoices):
    """Keeps traces in a PostgreSQL database; see `storage.api.TraceStore` for what its methods promise.

    Args:
        uri: of the database; its tables are made if missing, brought to the newest version if older.
        max_waiting_bytes: most prepared bytes that may wait to be committed.
        on_commit: told of each commit, in the committing thread.
        read_text: reads a payload's text.
        search_s: seconds after which a search that has to look into payloads ends with an error.
        fills_apart: whether the index of words is filled by a process of its own, as a server wants it.
        max_readers: most connections that read.

    Raises:
        StoreError: the database cannot be used; says why and what to do.
    """

    def __init__(
        self,
        uri: str,
        *,
        max_waiting_bytes: int = DEFAULT_MAX_WAITING_BYTES,
        on_commit: CommitWatch = watch_nothing,
        read_text: ReadText = read_text,
        search_s: float = DEFAULT_SEARCH_S,
        fills_apart: bool = False,
        max_readers: int = DEFAULT_MAX_READERS,
    ) -> None:
        self._uri = uri
        self._max_waiting_bytes = max_waiting_bytes
        connection = _opened(uri)
        self._capabilities = StoreCapabilities(
            f"PostgreSQL {connection.server_version}", is_file=False, ages_by_days=True
        )
        self._committer = Committer(connection, max_waiting_bytes, on_commit)
        self._readers = ReaderPool(uri, max_readers)
        self._sizes = Sizes(lambda: read_sizes(self._readers))
        self._giving_back = GivingBack(uri)
        self._day_removal = DayRemoval(uri, self.delete_traces, self._giving_back)
        self._is_closed = False
        self._open_search(read_text, search_s, fills_apart=fills_apart)

    @property
    def capabilities(self) -> StoreCapabilities:
        """A database of a server's."""
        return self._capabilities

    def keeping(self) -> AbstractContextManager[bool]:
        """By a lock that goes with its connection."""
        return held_at_once(self._uri, KEEPING)

    def append(self, spans: Sequence[NewSpan], give_way: Callable[[], None] | None = None) -> Future[int]:
        """Compresses here, commits in the committer's thread."""
        self._committer.check_room()
        if not spans:
            nothing = Future[int]()
            nothing.set_result(0)
            return nothing
        return self._committer.submit_spans(prepare(spans, give_way, span_values))

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment, that of the newest trace first."""
        with self._readers.reading() as connection, snapshot(connection):
            return read_experiments(connection)

    def named_experiments(self) -> list[NamedExperiment]:
        """What every experiment is known by."""
        with self._readers.reading() as connection:
            return read_named_experiments(connection)

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, newest first."""
        with self._readers.reading() as connection, snapshot(connection):
            return listing.read_traces(connection, experiment, after, limit)

    def session_traces(
        self, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
    ) -> list[StoredTrace]:
        """A page of a session's traces, the first ones first."""
        with self._readers.reading() as connection, snapshot(connection):
            return listing.read_session_traces(connection, session_id, experiment, after, limit)

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary."""
        with self._readers.reading() as connection, snapshot(connection):
            return reading.read_trace(connection, trace_id)

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans by start."""
        with self._readers.reading() as connection, snapshot(connection):
            return reading.read_spans(connection, trace_id)

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload."""
        # Of one moment: frames and binaries of a trace that is deleted meanwhile would not fit together.
        with self._readers.reading() as connection, snapshot(connection):
            return reading.read_span(connection, trace_id, span_id)

    def has_span(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether there is such a span."""
        with self._readers.reading() as connection, snapshot(connection):
            return reading.has_span(connection, trace_id, span_id)

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of a trace, one frame at a time."""
        with self._readers.reading() as connection, snapshot(connection):
            places = reading.read_places(connection, trace_id)
        current, payloads = -1, memoryview(b"")
        lacking: list[int] = []
        for frame_number, offset, length, span_id in places:
            if frame_number != current:
                with self._readers.reading() as connection, snapshot(connection):
                    frame = reading.read_frame(connection, trace_id, span_id, frame_number)
                if frame is None:
                    # Deleted since; what follows is too.
                    return
                current = frame_number
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
        with self._readers.reading() as connection, snapshot(connection):
            return tree.top_spans(connection, trace_id, after, limit)

    def child_spans(
        self, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
    ) -> list[SpanRow]:
        """A page of the spans below one."""
        with self._readers.reading() as connection, snapshot(connection):
            return tree.child_spans(connection, trace_id, parent_id, after, limit)

    def subtree(self, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
        """Sums over what is below a span."""
        with self._readers.reading() as connection, snapshot(connection):
            return tree.subtree(connection, trace_id, span_id, limit)

    def span_page(self, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
        """A page of spans by their ids."""
        with self._readers.reading() as connection, snapshot(connection):
            return tree.span_page(connection, trace_id, after, limit)

    def last_change(self) -> ChangePosition:
        """The newest change."""
        with self._readers.reading() as connection:
            return changes.last(connection)

    def changes(self, after: ChangePosition, limit: int) -> list[ChangedTrace] | None:
        """What changed since."""
        with self._readers.reading() as connection, snapshot(connection):
            return changes.since(connection, after, limit)

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> Future[bool]:
        """Edits tags and metadata."""
        terms = texts_terms(edit.tags, edit.metadata)
        return self._committer.submit(
            lambda writer: writer.edit_trace(trace_id, edit), touched=changed(trace_id, terms=terms)
        )

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
        return self._committer.submit(
            lambda writer: judging.insert_assessment(writer, assessment), touched=changed(assessment.trace_id)
        )

    def update_assessment(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> Future[bool]:
        """Replaces what a judgement says."""
        return self._committer.submit(
            lambda writer: judging.update_assessment(writer, trace_id, assessment_id, content, updated_at_ns),
            touched=changed(trace_id),
        )

    def delete_assessment(self, trace_id: bytes, assessment_id: str) -> Future[bool]:
        """Deletes a judgement."""
        return self._committer.submit(
            lambda writer: judging.delete_assessment(writer, trace_id, assessment_id),
            touched=changed(trace_id),
        )

    def delete_traces(self, trace_ids: Sequence[bytes]) -> Future[int]:
        """Deletes traces by their ids."""
        wanted = tuple(trace_ids)
        return self._committer.submit(
            lambda writer: removal.delete_traces(writer, wanted), touched=changed(*wanted)
        )

    def delete_oldest(self, experiment: str, until_ns: int, limit: int) -> Future[int]:
        """Deletes the oldest traces of an experiment."""
        return self._committer.submit(
            lambda writer: removal.delete_oldest(writer, experiment, until_ns, limit), touched=ALONE
        )

    def oldest(self, experiment: str, after: TracePosition | None, limit: int) -> list[OldTrace]:
        """A page of an experiment's traces, oldest first."""
        with self._readers.reading() as connection, snapshot(connection):
            return ageing.read_oldest(connection, experiment, after, limit)

    def experiment_bytes(self, experiment: str) -> int:
        """What an experiment takes."""
        with self._readers.reading() as connection:
            return ageing.read_experiment_bytes(connection, experiment)

    def used_bytes(self) -> int:
        """What the store takes, without what it has room for."""
        with self._readers.reading() as connection:
            return ageing.read_used_bytes(connection)

    def delete_day(self, before_ns: Mapping[str, int]) -> dict[str, int]:
        """Drops the partitions of the oldest day that may go."""
        return self._day_removal.delete_day(before_ns)

    def give_back(self, max_bytes: int, *, is_thorough: bool = False) -> int:
        """Drops empty days and cuts the free ends off files."""
        return self._giving_back.give_back(max_bytes, is_thorough=is_thorough)

    def health(self) -> StoreHealth:
        """How it is now."""
        if self._is_closed:
            return StoreHealth(False, None, None, None, 0, 0, self._max_waiting_bytes)
        items, size = self._committer.waiting()
        fault = self._committer.fault()
        return StoreHealth(
            is_open=True,
            writer_fault=fault,
            disk_fault=None,
            # Of another machine's disk, mostly: nobody without special rights can ask.
            free_bytes=None,
            waiting_items=items,
            waiting_bytes=size,
            max_waiting_bytes=self._max_waiting_bytes,
            file_bytes=self._sizes.by_kind(),
        )

    def close(self) -> None:
        """Commits what waits and lets go of everything."""
        if self._is_closed:
            return
        self._is_closed = True
        self._close_search()
        self._readers.close()
        self._committer.close()


def _opened(uri: str) -> WriterConnection:
    """A connection that writes to a database that has its tables."""
    try:
        connection = open_writer(uri)
        try:
            migrate(connection)
            changes.begin_history(connection, key_of(connection, FINISHING))
            return WriterConnection(uri, connection)
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise StoreError(
            f"The store's database cannot be used: {line(error)}. Is it running, and is --store "
            "(OUTCROP_STORE) its address?"
        ) from error
