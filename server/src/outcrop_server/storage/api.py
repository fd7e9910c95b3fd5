"""The storage contract: what every engine promises to `ingest` and `query`.

`server/tests/storage/conformance.py` tests each promise; an engine is right when that suite passes.
Nothing above this module may know which engine is at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outcrop_server.storage.copying import CopiedStore
from outcrop_server.storage.experiments import ExperimentStore
from outcrop_server.storage.notes import NoteStore
from outcrop_server.storage.retention import RetainingStore
from outcrop_server.storage.tokens import TokenStore
from outcrop_server.storage.views import ViewStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from outcrop_server.model.aggregates import (
        AggregateQuery,
        Aggregates,
        Count,
        Facets,
        SessionQuery,
        SessionRow,
    )
    from outcrop_server.model.annotations import Assessment, AssessmentContent, TraceEdit
    from outcrop_server.model.capabilities import StoreCapabilities
    from outcrop_server.model.changes import ChangedTrace, ChangePosition
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import (
        ExperimentRow,
        NamedExperiment,
        SpanRow,
        StoredTrace,
        TracePosition,
    )
    from outcrop_server.model.search import FoundTrace, TraceSearch
    from outcrop_server.model.store_health import StoreHealth
    from outcrop_server.model.timeline import Timeline
    from outcrop_server.model.tree import SpanPosition, SubtreeTotals


class KeptTraces(ExperimentStore, NoteStore, ViewStore, Protocol):
    """The traces of a store: what is asked of them, what is said of them afterwards, and views of them.

    `storage.scoped` gives a part of them the same form.
    """

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment. MUST be in order of its newest trace's start, newest first."""
        ...

    def named_experiments(self) -> list[NamedExperiment]:
        """What every experiment is known by, in whatever order: for who wants no more of them."""
        ...

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, by start time and then trace id, both descending.

        MUST hold no trace twice and leave none out when pages are read one after the other with `after`
        set to the last row's position, whatever is appended meanwhile; traces that start at the same
        nanosecond included.

        Args:
            experiment: a name; None for all. A name that nobody used gives an empty page.
            after: the last row of the page before; None to start at the newest.
            limit: at most this many rows, 1 or more.
        """
        ...

    def search(self, search: TraceSearch) -> list[FoundTrace]:
        """The traces that fit, in the order that is asked for.

        MUST find what `outcrop.filter.matching` finds, which says what each field and operator means. MUST
        hold no trace twice and leave none out when pages are read one after the other with `after` set to the
        last one's position, as long as no trace changes. Every value of a condition MUST be taken as data,
        whatever it holds. Time MUST grow with the length of texts alone, whatever a regular expression is.

        What is looked for in payloads (words, `span.content`, `span.attributes`) it MAY not find in as many
        traces as `words_waiting` said before; everything else MUST be right meanwhile. Where it would have to
        look into more payloads than it can in some seconds, it MUST raise `SearchTooLongError`.
        """
        ...

    def words_waiting(self, experiments: tuple[str, ...] = ()) -> int:
        """How many traces, at most, a search for what lies in payloads passes over now.

        MUST become 0 in time where `start_filling` was called and nothing more comes. Appending MUST NOT wait
        for it.

        Args:
            experiments: names; empty for all.
        """
        ...

    def aggregate(self, query: AggregateQuery) -> Aggregates:
        """Numbers of the traces that fit and of their calls to models, by group.

        A trace, and every call of it, MUST count at the moment when the trace began and in the trace's
        experiment. Late spans and moved traces MUST be counted as if all spans had come at once, deleted
        ones as if they had never come. A span MUST count as a call if its type is one of `CALL_TYPES`, or if
        tokens, a cost or the reason of an unknown cost are known of it. Of n durations a percentile is the
        one in place ceil(n * 0.95); it MUST be right within `latency_bins.RELATIVE_ERROR` or a nanosecond.
        More tokens or cost of one trace or call than `MAX_COUNTED` MUST count as this. Where the calls of an
        experiment have more than some thousand names, it MAY count those of further ones together as
        `OTHER`, and then MUST say so (`has_others`); no call may be left out or counted twice.

        Groups MUST be those that hold anything, and where `group_by` is empty exactly one. They MUST be in
        order of time if they have one; else, and among equals, of how many traces they hold (calls, where
        no traces are counted), most first. Of more than `limit` those that hold most MUST be kept.

        It MUST NOT read a row for each trace or call where groups are of time, experiment, model, operation
        and span type alone and the filter says nothing but of experiments.
        """
        ...

    def count(self, search: TraceSearch, max_traces: int) -> Count:
        """How many traces fit a search's filter and experiments.

        MUST be exact where there is no filter. Else it MAY stop at `max_traces`, and SHOULD when it has
        worked for about a second; it MUST say so, as where it passes traces over (`words_waiting`), and
        MUST NOT give more than there are.
        """
        ...

    def facets(self, search: TraceSearch, top: int, max_traces: int) -> Facets:
        """What the traces that fit a search's filter and experiments have, and how many have it.

        A value MUST count once for each trace that has it, however often. MUST look at no more than
        `max_traces`, the newest, and SHOULD stop when it has worked for about a second; it MUST say when
        these are not all. Of each field it gives the `top` most frequent values, equal ones by their text.
        """
        ...

    def timeline(self, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
        """How many of the traces that fit a search's filter and experiments began when.

        Steps are `interval_s` long, counted from the epoch. MUST look at no more than `max_traces`, the
        newest, and SHOULD stop when it has worked for about a second; it MUST say when these are not all.
        """
        ...

    def sessions(self, query: SessionQuery) -> list[SessionRow]:
        """A page of sessions, by the start of their last trace, newest first.

        The traces of one experiment that name the same session are one; late spans and deletions MUST show as
        in `aggregate`, and a session without traces MUST be gone. As with `traces`, no session is missing or
        there twice when pages are read one after the other with `after` set to the last row's position
        (`last_start_ns`, `experiment_id`, `session_id`), as long as no session changes.
        """
        ...

    def session_traces(
        self, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
    ) -> list[StoredTrace]:
        """A page of a session's traces, the first ones first: by start time and then trace id.

        MUST page as `traces` does, in this order. Traces of other sessions MUST NOT be read.

        Args:
            session_id: of the session; one that nobody named gives an empty page.
            experiment: a name; None for all in which the session is.
            after: the last row of the page before; None to start at the first.
            limit: at most this many rows, 1 or more.
        """
        ...

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary; None if there is no such trace."""
        ...

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans by start time and then span id; empty if there is no such trace."""
        ...

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload, byte for byte as it was appended; None if there is no such span.

        MUST NOT read the payloads of other traces.
        """
        ...

    def has_span(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether there is such a span. MUST read no payload."""
        ...

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of all spans of a trace, in any order.

        MUST NOT hold all of them in memory at once. MAY leave out spans that were appended after it began,
        and those of a trace that was deleted since; MUST NOT give any of another trace.
        """
        ...

    def top_spans(self, trace_id: bytes, after: SpanPosition | None, limit: int) -> list[SpanRow]:
        """A page of the spans of a trace that have no parent in it.

        MUST be roots first, by start time and then span id; behind them the orphans, whose parent has not
        come, by their parent's id, then likewise. Those of one missing parent stand together. MUST hold no
        span twice and leave none out when pages are read one after the other with `after` set to the last
        row's `SpanPosition.of`, as long as the trace does not change. What it reads MUST be bounded by
        `limit` and a fixed number of rows, however many spans the trace has.
        """
        ...

    def child_spans(
        self, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
    ) -> list[SpanRow]:
        """A page of the spans right below one, by start time and then span id; else as `top_spans`.

        The parent itself need not have come.
        """
        ...

    def subtree(self, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
        """Sums over the spans below one, itself left out.

        MUST look at no more than `limit` of them, those nearest to it first, and say so in `is_partial` if
        there are more.
        """
        ...

    def span_page(self, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
        """A page of a trace's spans by span id, from behind the span id `after`.

        Bounded as `top_spans`, but that it MAY look at the ids of all.
        """
        ...

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> Future[bool]:
        """Sets and deletes tags and metadata of a trace, and what else an edit may say.

        MUST have the last word over every span, those that come later included: what was set stays as it was
        set, what was deleted stays away (`model.summary`). As with `append`, this and all changes below are
        durable when their future is done, and it MUST raise `UnavailableError` if they could not be made.

        Returns:
            Whether there is such a trace; if not, nothing is kept.
        """
        ...

    def assessments(self, trace_id: bytes) -> list[Assessment]:
        """The judgements of a trace in the order in which they came; empty if there is no such trace."""
        ...

    def assessments_of(self, trace_ids: Sequence[bytes]) -> dict[bytes, list[Assessment]]:
        """The judgements of several traces by their ids, each as `assessments`; of those that have any."""
        ...

    def add_assessment(self, assessment: Assessment) -> Future[bool]:
        """Keeps a judgement. False if there is no such trace, or its id is known: then nothing is kept."""
        ...

    def update_assessment(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> Future[bool]:
        """Replaces what a judgement says, and when it was changed. False if the trace has none of this id."""
        ...

    def delete_assessment(self, trace_id: bytes, assessment_id: str) -> Future[bool]:
        """Deletes a judgement. False if the trace has none of this id."""
        ...

    def delete_traces(self, trace_ids: Sequence[bytes]) -> Future[int]:
        """Deletes traces with their spans, payloads and judgements; ids that are not there are passed over.

        Either all of them are deleted or none. A span that comes later MUST begin its trace anew.

        Returns:
            How many there were.
        """
        ...

    def delete_oldest(self, experiment: str, until_ns: int, limit: int) -> Future[int]:
        """Deletes those of an experiment that began at `until_ns` or before, oldest first, at most `limit`.

        As `delete_traces`; callers delete many in steps, so that others are not kept waiting.
        """
        ...


class TraceStore(KeptTraces, TokenStore, RetainingStore, CopiedStore, Protocol):
    """A place that keeps traces and the tokens that open them (`storage.tokens`), and lets go of old ones.

    Every method MUST be callable from any thread, at the same time as any other. Several processes
    MAY have the same store open; each MUST see what another was promised was kept. Reads MUST NOT wait
    for writes, and MUST see every append whose future was done when they began.
    """

    @property
    def capabilities(self) -> StoreCapabilities:
        """What the engine is and has; MUST be the same as long as the store is open."""
        ...

    def append(self, spans: Sequence[NewSpan], give_way: Callable[[], None] | None = None) -> Future[int]:
        """Keeps spans.

        MUST do what costs CPU in the calling thread, and MUST NOT wait for the disk in it. The future
        MUST be done only when all spans are durable: a killed process or machine loses none of them.
        Either all of one call's spans are kept or none.

        A span whose (trace id, span id) is kept already MUST be left as it is and change nothing, be it
        from this call or an earlier one. Spans of a trace MAY come in any order, over any time and from
        several processes; the trace's summary MUST come out the same (`model.summary`). Experiments
        MUST be made when first named. Spans of one trace that come together SHOULD share storage for
        what they repeat. A large binary in payloads (`storage.binaries`) MUST take room once for all traces
        of an experiment, whenever they come; when the last of them is deleted, that room MUST be gone or be
        given back (`storage.retention`). Nothing, not even how soon an append is done, MAY tell whether
        another experiment has the same one.

        Args:
            spans: what to keep; MAY hold spans of many traces; an empty sequence succeeds.
            give_way: SHOULD be called now and then by the calling thread; may sleep for a moment.

        Returns:
            How many spans were new. The future MUST raise `UnavailableError` if the spans could not be
            kept but may be later (another writer is slow, the disk is full); then none of them is kept, or,
            where the database went away just as it was told to keep them, that is not known: sending them
            again is harmless.

        Raises:
            StoreFullError: too much waits already; nothing was taken.
        """
        ...

    def last_change(self) -> ChangePosition:
        """The newest change of any trace: of its summary, tags, metadata or judgements.

        Each commit that changes a trace MUST give it a number greater than any before it, in whichever
        process, and a reader that sees a number MUST see all lower ones. MUST cost nothing that grows with
        what is stored: it is asked several times a second.
        """
        ...

    def changes(self, after: ChangePosition, limit: int) -> list[ChangedTrace] | None:
        """The traces that changed after a position, each once, at its newest change, in order of change.

        Deleted ones are left out. None if it cannot be known what changed since: the position is of another
        store, or of too long ago. An engine MUST remember the last 10,000 changes and MAY forget others.
        """
        ...

    def start_filling(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to prepare searches for what lies in payloads, in the background; MUST be callable twice.

        Of several processes with the same store open, one does it. A killed one's work MUST go on where it
        was.

        Args:
            give_way: called by the thread that does it, at least once a span; may sleep for a moment.
        """
        ...

    def health(self) -> StoreHealth:
        """How the store is now. MUST NOT wait for a write, and MUST answer when it is closed, too.

        After a write that failed it MUST say so until one has succeeded, and MUST try one itself.
        """
        ...

    def close(self) -> None:
        """Commits what was taken, then lets go of every file and thread.

        MUST be callable twice. `append` afterwards MUST raise `UnavailableError`.
        """
        ...
