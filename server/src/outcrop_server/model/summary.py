"""How a trace's summary comes from its spans, in whatever order and pieces they arrive.

Where one span has to speak for the trace (its name, what was asked), each candidate has a key and the
smallest key wins, so that the order of arrival changes nothing. A store keeps the row and, beside it,
the keys, so that late spans cost no reading of the spans before them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import orjson

from outcrop.genai.usage import Usage
from outcrop.pricing.cost import REASONS
from outcrop_server.model.new_span import DEFAULT_EXPERIMENT, NewSpan
from outcrop_server.model.rows import Failure, SpanRow, Status, TraceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.annotations import TraceEdit

T = TypeVar("T")

# More different models, tools or tags than this say nothing in a list.
MAX_NAMES = 50


# Who speaks first: the better rank, then the earlier start, then the smaller span id, then the place within
# the span. A plain tuple, since several are made of each span that comes in.
Key = tuple[int, int, int, int]
_LAST: Key = (9, 0, 0, 0)
# The user's own edit, which goes before every span.
_EDITED: Key = (-1, 0, 0, 0)


@dataclass(slots=True)
class Pick(Generic[T]):
    """The value of the best candidate so far, and its key."""

    value: T
    key: Key = _LAST

    def offer(self, value: T, key: Key) -> None:
        """Takes a candidate if it comes before the one that is kept."""
        if key < self.key:
            self.value, self.key = value, key


class Head(NamedTuple):
    """The span that stands for the trace: its root, or while none has come its earliest span."""

    name: str
    status: Status
    error: Failure | None
    start_time_ns: int
    duration_ns: int


_NO_HEAD = Head("", "UNSET", None, 0, 0)


def _none() -> Pick[Any]:
    return Pick(None)


@dataclass(slots=True)
class TraceSummary:
    """What the spans added so far say together. No span may be added twice."""

    head: Pick[Head] = field(default_factory=lambda: Pick(_NO_HEAD))
    experiment: Pick[str] = field(default_factory=lambda: Pick(DEFAULT_EXPERIMENT))
    first_start_ns: int = 2**63 - 1
    last_end_ns: int = 0
    longest_span_ns: int = -(2**63)
    shortest_span_ns: int = 2**63 - 1
    span_count: int = 0
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_nano_usd: int | None = None
    unpriced_calls: int = 0
    cost_reason: str | None = None
    request: Pick[str | None] = field(default_factory=_none)
    response: Pick[str | None] = field(default_factory=_none)
    first_chunk: Pick[int | None] = field(default_factory=_none)
    session: Pick[str | None] = field(default_factory=_none)
    user: Pick[str | None] = field(default_factory=_none)
    # What was said of the whole trace beside its spans.
    stated_status: Status | None = None
    models: dict[str, Pick[None]] = field(default_factory=dict[str, Pick[None]])
    tools: dict[str, Pick[None]] = field(default_factory=dict[str, Pick[None]])
    # None is one that was deleted: it stays so, whatever spans say later.
    tags: dict[str, Pick[str | None]] = field(default_factory=dict[str, Pick["str | None"]])
    metadata: dict[str, Pick[str | None]] = field(default_factory=dict[str, Pick["str | None"]])

    def add_all(self, spans: Iterable[NewSpan]) -> TraceSummary:
        """Adds spans of this trace; returns itself."""
        for span in spans:
            self.add(span)
        return self

    def add(self, span: NewSpan) -> None:
        """Adds a span of this trace."""
        row = span.row
        start_ns, end_ns = row.start_time_ns, row.end_time_ns
        number = int.from_bytes(row.span_id, "big")
        is_root = row.parent_id is None
        ranked = (0 if is_root else 1, start_ns, number, 0)
        self.span_count += 1
        # Compared here instead of by min and max: this runs for every span that comes in.
        if start_ns < self.first_start_ns:  # noqa: PLR1730
            self.first_start_ns = start_ns
        if end_ns > self.last_end_ns:  # noqa: PLR1730
            self.last_end_ns = end_ns
        duration_ns = end_ns - start_ns
        if duration_ns > self.longest_span_ns:  # noqa: PLR1730
            self.longest_span_ns = duration_ns
        if duration_ns < self.shortest_span_ns:  # noqa: PLR1730
            self.shortest_span_ns = duration_ns
        if span.attempts > self.attempts:  # noqa: PLR1730
            self.attempts = span.attempts
        if ranked < self.head.key:
            self.head = Pick(Head(row.name, row.status, row.error, start_ns, duration_ns), ranked)
        # A sender that names its experiment knows better than one that leaves it to the default.
        named = ranked if span.is_experiment_named else (2, start_ns, number, 0)
        if named < self.experiment.key:
            self.experiment.offer(span.experiment, named)
        if is_root or span.is_model_call:
            self._add_words(span, ranked, is_root=is_root)
        self._add_names(span, number)

    def edit(self, edit: TraceEdit) -> None:
        """Sets and deletes what the user edits; that has the last word over all spans."""
        if edit.session_id is not None:
            self.session = Pick(edit.session_id, _EDITED)
        if edit.user_id is not None:
            self.user = Pick(edit.user_id, _EDITED)
        if edit.status is not None:
            self.stated_status = edit.status
        for picks, changes in ((self.tags, edit.tags), (self.metadata, edit.metadata)):
            for name, value in changes.items():
                picks[name] = Pick(value, _EDITED)

    def _add_words(self, span: NewSpan, key: Key, *, is_root: bool) -> None:
        if span.request_preview is not None:
            self.request.offer(span.request_preview, key)
        if span.response_preview is not None:
            # Without a root the last model call answers what the first one was asked.
            rank, time_ns, number, _ = key
            self.response.offer(span.response_preview, key if is_root else (rank, -time_ns, number, 0))

    def _add_names(self, span: NewSpan, number: int) -> None:
        row = span.row
        start_ns = row.start_time_ns
        if row.usage is not None:
            self.usage = self.usage.plus(row.usage)
        if row.cost_nano_usd is not None:
            self.cost_nano_usd = (self.cost_nano_usd or 0) + row.cost_nano_usd
        if row.cost_reason is not None:
            self._add_reason(row, row.cost_reason)
        if row.time_to_first_chunk_ns is not None:
            self.first_chunk.offer(row.time_to_first_chunk_ns, (0, start_ns, number, 0))
        if row.model is not None:
            _offer(self.models, row.model, None, (0, start_ns, number, 0))
        for place, tool in enumerate(span.tools):
            _offer(self.tools, tool, None, (0, start_ns, number, place))
        if span.session_id is not None or span.user_id is not None or span.tags or span.metadata:
            # A span carries these instead of its root only if the root had ended: the last to end counts.
            self._add_grouping(span, (0, -row.end_time_ns, number, 0))

    def _add_grouping(self, span: NewSpan, late: Key) -> None:
        if span.session_id is not None:
            self.session.offer(span.session_id, late)
        if span.user_id is not None:
            self.user.offer(span.user_id, late)
        for name, value in span.tags.items():
            _offer(self.tags, name, value, late)
        for name, value in span.metadata.items():
            _offer(self.metadata, name, value, late)

    def _add_reason(self, row: SpanRow, reason: str) -> None:
        self.unpriced_calls += row.has_unknown_cost
        # The reason that comes first in its list, not in time: so the order of arrival changes nothing.
        if self.cost_reason is None or _place(reason) < _place(self.cost_reason):
            self.cost_reason = reason

    def row(self, trace_id: bytes) -> TraceRow:
        """The trace as a list shows it."""
        head = self.head.value
        is_rooted = self.head.key[0] == 0
        return TraceRow(
            trace_id=trace_id,
            experiment=self.experiment.value,
            name=head.name,
            status=self.stated_status or head.status,
            start_time_ns=head.start_time_ns,
            duration_ns=head.duration_ns if is_rooted else self.last_end_ns - self.first_start_ns,
            span_count=self.span_count,
            error=head.error,
            models=tuple(_in_order(self.models)),
            usage=self.usage,
            cost_nano_usd=self.cost_nano_usd,
            unpriced_calls=self.unpriced_calls,
            cost_reason=self.cost_reason,
            time_to_first_chunk_ns=self.first_chunk.value,
            attempts=self.attempts,
            request_preview=self.request.value,
            response_preview=self.response.value,
            tools=tuple(_in_order(self.tools)),
            session_id=self.session.value,
            user_id=self.user.value,
            tags=_texts(self.tags),
            metadata=_texts(self.metadata),
            has_root=is_rooted,
            longest_span_ns=self.longest_span_ns,
            shortest_span_ns=self.shortest_span_ns,
        )

    def keys(self) -> str:
        """What `row` does not tell, as text for a store to keep; `restored` reads it."""
        singles = (self.head, self.experiment, self.request, self.response, *self._facts())
        texts = (_kept(self.tags), _kept(self.metadata))
        names = (_keys(self.models), _keys(self.tools), *map(_keys, texts))
        deleted = [
            [name for name, pick in picks.items() if pick.value is None]
            for picks in (self.tags, self.metadata)
        ]
        told = [self.first_start_ns, self.last_end_ns, [pick.key for pick in singles], names]
        if self.stated_status is not None:
            return json.dumps([*told, deleted, self.stated_status], separators=(",", ":"))
        if any(deleted):
            return json.dumps([*told, deleted], separators=(",", ":"))
        try:
            # Nothing but numbers, which give the same text either way.
            return orjson.dumps(told).decode()
        except orjson.JSONEncodeError:
            # Beyond 64 bits, which the columns refuse: it is their word that counts.
            return json.dumps(told, separators=(",", ":"))

    def _facts(self) -> tuple[Pick[int | None], Pick[str | None], Pick[str | None]]:
        return self.first_chunk, self.session, self.user


def restored(row: TraceRow, keys: str) -> TraceSummary:
    """The summary whose `row` and `keys` these are."""
    # What an older Outcrop wrote ends earlier.
    first_start_ns, last_end_ns, singles, (models, tools, tags, *more), *rest = json.loads(keys)
    metadata: list[list[int]] = more[0] if more else []
    (deleted_tags, deleted_metadata) = rest[0] if rest else ((), ())
    stated_status: Status | None = rest[1] if len(rest) > 1 else None
    head, experiment, request, response, first_chunk, session, user = map(_key, singles)
    return TraceSummary(
        head=Pick(Head(row.name, row.status, row.error, row.start_time_ns, row.duration_ns), head),
        experiment=Pick(row.experiment, experiment),
        first_start_ns=first_start_ns,
        last_end_ns=last_end_ns,
        longest_span_ns=row.longest_span_ns,
        shortest_span_ns=row.shortest_span_ns,
        span_count=row.span_count,
        attempts=row.attempts,
        usage=row.usage,
        cost_nano_usd=row.cost_nano_usd,
        unpriced_calls=row.unpriced_calls,
        cost_reason=row.cost_reason,
        request=Pick(row.request_preview, request),
        response=Pick(row.response_preview, response),
        first_chunk=Pick(row.time_to_first_chunk_ns, first_chunk),
        session=Pick(row.session_id, session),
        user=Pick(row.user_id, user),
        stated_status=stated_status,
        models={name: Pick(None, _key(key)) for name, key in zip(row.models, models, strict=True)},
        tools={name: Pick(None, _key(key)) for name, key in zip(row.tools, tools, strict=True)},
        tags=_restored(row.tags, tags, deleted_tags),
        metadata=_restored(row.metadata, metadata, deleted_metadata),
    )


def _key(kept: list[int]) -> Key:
    rank, time_ns, number, place = kept
    return rank, time_ns, number, place


def _restored(
    texts: dict[str, str], keys: list[list[int]], deleted: Sequence[str]
) -> dict[str, Pick[str | None]]:
    picks: dict[str, Pick[str | None]] = {
        name: Pick(value, _key(key)) for (name, value), key in zip(texts.items(), keys, strict=True)
    }
    return {**picks, **{name: Pick(None, _EDITED) for name in deleted}}


def _kept(picks: dict[str, Pick[str | None]]) -> dict[str, Pick[str | None]]:
    return {name: pick for name, pick in picks.items() if pick.value is not None}


def _texts(picks: dict[str, Pick[str | None]]) -> dict[str, str]:
    return {name: pick.value or "" for name, pick in _in_order(_kept(picks)).items()}


def _place(reason: str) -> tuple[int, str]:
    return (REASONS.index(reason) if reason in REASONS else len(REASONS), reason)


def _offer(picks: dict[str, Pick[T]], name: str, value: T, key: Key) -> None:
    kept = picks.get(name)
    if kept is None:
        picks[name] = Pick(value, key)
    else:
        kept.offer(value, key)


def _keys(picks: dict[str, Pick[T]]) -> list[Key]:
    return [pick.key for pick in _in_order(picks).values()]


def _in_order(picks: dict[str, Pick[T]]) -> dict[str, Pick[T]]:
    """Names by their first speaker; only the first ones if there are very many.

    Cutting is safe in any order of arrival: what is cut had enough names before it, whose keys can only
    become smaller.
    """
    if len(picks) <= 1:
        return picks
    ordered = sorted(picks.items(), key=lambda item: (item[1].key, item[0]))
    return dict(ordered[:MAX_NAMES])
