"""What the index is to learn: which traces changed, or lack something, and the words of their new spans.

It only reads; who fills writes what it brings.
"""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.clickhouse.changes import FORGOTTEN
from outcrop_server.storage.clickhouse.client import fixed, hex_list
from outcrop_server.storage.clickhouse.lives import HOME, Home, find_homes
from outcrop_server.storage.clickhouse.opening import META
from outcrop_server.storage.clickhouse.records import read_some
from outcrop_server.storage.clickhouse.words.trace_texts import lie_at, read_texts
from outcrop_server.storage.clickhouse.words.waiting import LACKS, TOP, State, known_spans
from outcrop_server.storage.common.trace_words import TraceWords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.clickhouse.client import Client

    Row = tuple[Any, ...]

# A trace that changes is read when it has been left alone for so long, or has waited for this in vain.
SETTLE_S = 10.0
_MOST_DELAY_S = 120.0
# Changes, or traces of a day, that are looked at in a step.
_STEP = 1_000
_COLUMNS = f"{HOME}, span_count, request_preview, response_preview"
_WIDTH = HOME.count(",") + 1

_LAST = "SELECT last_change FROM log WHERE kind = 'applied' AND at_ns <= {at_ns} ORDER BY number DESC LIMIT 1"
_CHANGES = (
    "SELECT change, trace_id FROM change WHERE change > {after} AND change <= {last} "
    "ORDER BY change LIMIT {step}"
)
_NEXT_DAY = "SELECT DISTINCT day FROM trace WHERE day < {below} ORDER BY day DESC LIMIT 1"


class Sweep(NamedTuple):
    """How far a look at all traces is: in this day, and there before this start and id."""

    day: int
    start_time_ns: int
    trace_id: bytes


class Due(NamedTuple):
    """A trace that is to be read.

    Attributes:
        home: where it lies, and up to which commit it is known.
        span_count: how many spans it has then.
        previews: what else free words are looked for in.
    """

    home: Home
    span_count: int
    previews: tuple[str | None, ...]


@dataclass
class Step:
    """What a step brings.

    Attributes:
        state: how far the index is with it.
        sweep: how far the look at all traces is.
        due: traces that are to be read.
        is_last: whether nothing is left to do.
    """

    state: State
    sweep: Sweep | None
    due: list[Due]
    is_last: bool = False


class Gathering:
    """Finds out what is to be done, step by step.

    Args:
        client: asks the database.
        settle_s: for how long a trace is to be left alone before it is read.
    """

    def __init__(self, client: Client, settle_s: float) -> None:
        self._client = client
        self._settle_s = settle_s
        # Since when traces wait that change again and again.
        self._delayed: dict[bytes, float] = {}

    def begin(self, state: State | None) -> State:
        """Where to go on; from the top where it is not known what changed since."""
        last = self._last_change(0.0)
        forgotten = int(read_some(self._client, META, [FORGOTTEN]).get(FORGOTTEN, 0))
        if state is None or not forgotten <= state.change <= last:
            return State(last, TOP)
        return state

    def step(self, state: State, sweep: Sweep | None) -> Step:
        """The next step."""
        last = self._last_change(self._settle_s)
        if last > state.change:
            rows = self._client.query(_CHANGES.format(after=state.change, last=last, step=_STEP))
            reached = last if len(rows) < _STEP else rows[-1][0]
            ids = self._settled(dict.fromkeys(trace_id for _, trace_id in rows), last)
            return Step(state._replace(change=reached), sweep, self._changed(ids))
        if not state.below:
            return Step(state, None, [], is_last=True)
        if sweep is None:
            days = self._client.query(_NEXT_DAY.format(below=state.below))
            if not days:
                return Step(state._replace(below=0), None, [])
            sweep = Sweep(days[0][0], (1 << 63) - 1, b"\xff" * 16)
        return self._swept(state, sweep)

    def _last_change(self, age_s: float) -> int:
        rows = self._client.query(_LAST.format(at_ns=time.time_ns() - int(age_s * 1e9)))
        return int(rows[0][0]) if rows else 0

    def _settled(self, trace_ids: dict[bytes, None], last: int) -> list[bytes]:
        """Those that were left alone, or have waited for that too long."""
        if not self._settle_s or not trace_ids:
            return list(trace_ids)
        rows = self._client.query(
            f"SELECT DISTINCT trace_id FROM change WHERE change > {last} "
            f"AND trace_id IN {hex_list(trace_ids, 16)}"
        )
        now = time.monotonic()
        for (trace_id,) in rows:
            if now - self._delayed.setdefault(trace_id, now) < _MOST_DELAY_S:
                # Its last change comes later, and brings it back.
                del trace_ids[trace_id]
        for trace_id in trace_ids:
            self._delayed.pop(trace_id, None)
        return list(trace_ids)

    def _changed(self, trace_ids: Sequence[bytes]) -> list[Due]:
        if not trace_ids:
            return []
        homes = [home for home in find_homes(self._client, trace_ids).values() if not home.gone]
        if not homes:
            return []
        days = ", ".join(map(str, {home.day for home in homes}))
        rows = self._client.query(
            f"SELECT {_COLUMNS} FROM trace WHERE day IN ({days}) "
            f"AND (experiment_id, start_time_ns, trace_id) IN ({', '.join(home.row_key for home in homes)}) "
            "ORDER BY version DESC LIMIT 1 BY trace_id"
        )
        due = [each for each in map(_due, rows) if not each.home.gone]
        known = known_spans(self._client, [each.home for each in due])
        return [each for each in due if known.get(each.home.trace_id, (0, 0))[0] != each.span_count]

    def _swept(self, state: State, sweep: Sweep) -> Step:
        """Goes on downward through all traces, from the newest day."""
        # Where their spans lie may be another day.
        where = f" WHERE day IN (SELECT DISTINCT anchor_day FROM trace WHERE day = {sweep.day})"
        rows = self._client.query(
            f"SELECT {_COLUMNS} FROM trace FINAL WHERE day = {sweep.day} "
            f"AND (start_time_ns, trace_id) < ({sweep.start_time_ns}, {fixed(sweep.trace_id)}) "
            f"AND {LACKS.format(where=where)} ORDER BY start_time_ns DESC, trace_id DESC LIMIT {_STEP}"
        )
        due = [_due(row) for row in rows]
        if len(due) < _STEP:
            return Step(state._replace(below=sweep.day), None, due)
        home = due[-1].home
        return Step(state, Sweep(sweep.day, home.start_time_ns, home.trace_id), due)


def words_of(
    client: Client, due: Sequence[Due], read_text: ReadText, on_work: Callable[[], None]
) -> Iterator[Row]:
    """The rows of `words` for traces, in their order.

    Args:
        client: asks the database.
        due: the traces.
        read_text: reads a payload.
        on_work: called now and then; may raise.
    """
    homes = [each.home for each in due]
    known = {trace_id: version for trace_id, (_, version) in known_spans(client, homes).items()}
    former = _former_terms(client, [home for home in homes if home.trace_id in known])
    waiting = iter(due)
    current = next(waiting, None)
    words = TraceWords()
    for home, stored in read_texts(client, homes, read_text, after=known, on_work=on_work):
        # Of some nothing came: they have their previews all the same.
        while current is not None and current.home.trace_id != home.trace_id:
            yield _row(current, words, former)
            current, words = next(waiting, None), TraceWords()
        words.add(stored.text, stored.name, stored.error_type, stored.error_message)
    while current is not None:
        yield _row(current, words, former)
        current, words = next(waiting, None), TraceWords()


def _former_terms(client: Client, homes: Sequence[Home]) -> dict[bytes, list[bytes]]:
    """What the index has of traces already; only what came since is read."""
    if not homes:
        return {}
    born = {home.trace_id: home.born for home in homes}
    rows = client.query(
        f"SELECT trace_id, born, terms FROM words WHERE {lie_at(homes)} ORDER BY version", raw=True
    )
    return {trace_id: terms for trace_id, of_life, terms in rows if born[trace_id] == of_life}


def _row(due: Due, words: TraceWords, former: dict[bytes, list[bytes]]) -> Row:
    words.add_columns(*due.previews)
    home = due.home
    terms = sorted(words.all().union(former.get(home.trace_id, ())))
    anchor = (home.anchor_day, home.anchor_experiment, home.anchor_ns, home.trace_id)
    return (*anchor, home.version, home.born, due.span_count, terms)


def _due(row: Row) -> Due:
    return Due(Home(*row[:_WIDTH]), row[_WIDTH], row[_WIDTH + 1 :])
