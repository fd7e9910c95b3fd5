"""What a transaction changes in the rollups: gathered here in memory, written once by `rollup_write`. Pure.

A trace counts in the minute in which it began, in its experiment; so do its calls, whenever they were made.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from outcrop.pricing.cost import Quote
from outcrop_server.model.aggregates import CALL_TYPES, FINEST_S, MAX_COUNTED
from outcrop_server.model.latency_bins import bin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop.genai.usage import Usage
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import TraceRow

# What a series counts. Calls are counted twice: by model, operation and span type, and all of an experiment
# together, so that a chart of them reads one row however many names there are.
TRACES = 0
CALLS = 1
EVERY_CALL = 2
_MINUTE_NS = FINEST_S * 1_000_000_000
_NOBODY_SAID = (None, None, None, None)


class Place(NamedTuple):
    """Where traces and their calls count; `minute` is the number of minutes since the epoch."""

    minute: int
    experiment_id: int


# The minute, and what numbers are kept of apart: experiment, kind, and of CALLS their model, operation and
# span type; others have none of these. A plain tuple, since one is made for every call.
EntryKey = tuple[int, int, int, str, str, str]
Tokens = tuple["int | None", "int | None", "int | None", "int | None"]


class Entry:
    """Numbers of one minute.

    Attributes:
        sums: count, errors, input, output, cache read and cache write tokens, cost, unpriced calls.
        latency: how many durations fell into each bin.
        first_chunk: likewise of times to first chunk.
    """

    __slots__ = ("first_chunk", "latency", "sums")

    def __init__(self) -> None:
        self.sums = [0] * 8
        self.latency: dict[int, int] = {}
        self.first_chunk: dict[int, int] = {}

    def add(self, call: CallPart, sign: int) -> None:
        """Adds or takes a call."""
        tokens = (
            call.input_tokens,
            call.output_tokens,
            call.cache_read_input_tokens,
            call.cache_write_input_tokens,
        )
        duration_ns = call.end_time_ns - call.start_time_ns
        first_chunk_ns = call.time_to_first_chunk_ns
        self.add_call(
            call.status, duration_ns, tokens, first_chunk_ns, call.cost_nano_usd, call.cost_reason, sign
        )

    def add_call(  # noqa: PLR0917 - by keyword, a call of this costs a tenth more
        self,
        status: str,
        duration_ns: int,
        tokens: Tokens,
        first_chunk_ns: int | None,
        cost_nano_usd: int | None,
        cost_reason: str | None,
        sign: int,
    ) -> None:
        """Adds or takes a call by its parts; of a trace, its status and duration alone."""
        sums = self.sums
        sums[0] += sign
        if status == "ERROR":
            sums[1] += sign
        place = 2
        for number in (*tokens, cost_nano_usd):
            if number:
                sums[place] += sign * (min(MAX_COUNTED, number))
            place += 1
        if cost_reason is not None and is_unpriced(cost_reason):
            sums[7] += sign
        number = bin_of(duration_ns)
        self.latency[number] = self.latency.get(number, 0) + sign
        if first_chunk_ns is not None:
            number = bin_of(first_chunk_ns)
            self.first_chunk[number] = self.first_chunk.get(number, 0) + sign


class TracePart(NamedTuple):
    """What a trace's row adds to rollups and sessions; named as the columns of `trace`."""

    start_time_ns: int
    status: str
    duration_ns: int
    session_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None
    cost_nano_usd: int | None
    unpriced_calls: int

    def place(self, experiment_id: int) -> Place:
        """Where the trace counts."""
        return Place(self.start_time_ns // _MINUTE_NS, experiment_id)


class CallPart(NamedTuple):
    """What a call's row adds; named as the columns of `span`."""

    name: str
    span_type: str
    status: str
    start_time_ns: int
    end_time_ns: int
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None
    time_to_first_chunk_ns: int | None
    cost_nano_usd: int | None
    cost_reason: str | None


class SessionDelta:
    """What changes of a session.

    Attributes:
        sums: traces, errors, the four kinds of tokens, cost, unpriced calls.
        first_ns: start of the earliest trace that was added.
        last_ns: start of the latest one.
        has_lost: a trace left it, so that its first and last are to be looked up.
    """

    __slots__ = ("first_ns", "has_lost", "last_ns", "sums")

    def __init__(self) -> None:
        self.sums = [0] * 8
        self.first_ns = 2**63 - 1
        self.last_ns = -(2**63)
        self.has_lost = False

    def add(self, other: SessionDelta) -> None:
        """Adds what another brings."""
        self.sums = [mine + theirs for mine, theirs in zip(self.sums, other.sums, strict=True)]
        self.first_ns = min(self.first_ns, other.first_ns)
        self.last_ns = max(self.last_ns, other.last_ns)
        self.has_lost |= other.has_lost


class Deltas:
    """Adds up what traces and calls bring and take; a sign of -1 takes."""

    def __init__(self) -> None:
        self.entries: dict[EntryKey, Entry] = {}
        self.sessions: dict[tuple[str, int], SessionDelta] = {}

    def __bool__(self) -> bool:
        return bool(self.entries)

    def clear(self) -> None:
        """Forgets everything."""
        self.entries.clear()
        self.sessions.clear()

    def add_trace(self, part: TracePart, experiment_id: int, sign: int = 1) -> None:
        """Adds or takes a trace; its calls are apart."""
        self._count_trace(part, experiment_id, sign)
        if part.session_id is None:
            return
        session = self._add_to_session(part, experiment_id, sign)
        if sign < 0:
            session.has_lost = True
            return
        session.first_ns = min(session.first_ns, part.start_time_ns)
        session.last_ns = max(session.last_ns, part.start_time_ns)

    def change_trace(self, before: tuple[TracePart, int], after: tuple[TracePart, int]) -> None:
        """Puts a trace's new row in the place of its old one, each with its experiment."""
        old, new = before[0], after[0]
        stays = (old.session_id, old.start_time_ns) == (new.session_id, new.start_time_ns)
        if not stays or before[1] != after[1]:
            self.add_trace(*before, sign=-1)
            self.add_trace(*after)
            return
        for (part, experiment_id), sign in ((before, -1), (after, 1)):
            self._count_trace(part, experiment_id, sign)
            if part.session_id is not None:
                self._add_to_session(part, experiment_id, sign)

    def add_spans(self, place: Place, spans: Iterable[NewSpan]) -> None:
        """Adds those of new spans that are calls."""
        minute, experiment_id = place
        for span in spans:
            row = span.row
            usage = row.usage
            tokens = _NOBODY_SAID if usage is None else _tokens(usage)
            span_type, cost, reason = row.span_type, row.cost_nano_usd, row.cost_reason
            # The commonest first: this runs for every span that comes in.
            if tokens is _NOBODY_SAID and span_type not in CALL_TYPES and cost is None and reason is None:
                continue
            entry = self._entry((minute, experiment_id, CALLS, row.model or "", row.name, span_type))
            duration_ns = row.end_time_ns - row.start_time_ns
            entry.add_call(row.status, duration_ns, tokens, row.time_to_first_chunk_ns, cost, reason, 1)

    def add_calls(self, place: Place, calls: Iterable[CallPart], sign: int = 1) -> None:
        """Adds or takes calls."""
        for call in calls:
            entry = self._entry(
                (place.minute, place.experiment_id, CALLS, call.model or "", call.name, call.span_type)
            )
            entry.add(call, sign)

    def _entry(self, key: EntryKey) -> Entry:
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Entry()
        return entry

    def _count_trace(self, part: TracePart, experiment_id: int, sign: int) -> None:
        entry = self._entry((part.start_time_ns // _MINUTE_NS, experiment_id, TRACES, "", "", ""))
        entry.sums[0] += sign
        entry.sums[1] += sign * (part.status == "ERROR")
        number = bin_of(part.duration_ns)
        entry.latency[number] = entry.latency.get(number, 0) + sign

    def _add_to_session(self, part: TracePart, experiment_id: int, sign: int) -> SessionDelta:
        session = self.sessions.setdefault((part.session_id or "", experiment_id), SessionDelta())
        counted = (1, int(part.status == "ERROR"), *part[4:9], part.unpriced_calls)
        for place, value in enumerate(counted):
            session.sums[place] += sign * min(value or 0, MAX_COUNTED)
        return session


def _tokens(usage: Usage) -> Tokens:
    tokens = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
    )
    return _NOBODY_SAID if tokens == _NOBODY_SAID else tokens


def trace_part(row: TraceRow) -> TracePart:
    """What a trace's row adds."""
    usage = row.usage
    return TracePart(
        row.start_time_ns,
        row.status,
        row.duration_ns,
        row.session_id,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
        row.cost_nano_usd,
        row.unpriced_calls,
    )


@lru_cache(maxsize=256)
def is_unpriced(reason: str) -> bool:
    """Whether a cost is not known for this reason; see `SpanRow.has_unknown_cost`."""
    return Quote(reason=reason).is_unknown
