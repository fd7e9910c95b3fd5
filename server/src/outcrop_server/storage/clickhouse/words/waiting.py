"""Which traces the index does not know yet, and which of those a search looks at all the same.

A trace is in the index where a row of `words` is of its life and of as many spans as it has. So nothing has
to be kept of what waits: it is asked for, among what changed since the index was last filled, and in days
that may lack some.
"""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from outcrop_server.storage.clickhouse.lives import find_homes
from outcrop_server.storage.clickhouse.words.trace_texts import lie_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.lives import Home

# What the rows of `words` are made of; of another one they are made anew.
FORMAT = 1
# The newest of those that wait are looked at one by one, with so many spans together.
LOOKED_AT_SPANS = 500
_ROWS = 600
# Above every day's number: all may lack something.
TOP = 1 << 17
# Where who fills says so, and how far it is.
LEASE = (
    "SELECT version, value FROM record WHERE kind = 'lease' AND key = 'words' ORDER BY version DESC LIMIT 1"
)

_CHANGED = (
    "SELECT trace_id, max(change) AS last FROM change WHERE change > {after} GROUP BY trace_id "
    "ORDER BY last DESC LIMIT {rows}"
)
# Of a trace; its newest row is the one that counts.
LACKS = "(trace_id, born, span_count) NOT IN (SELECT trace_id, born, span_count FROM words{where})"
_NEWEST_DAYS = "SELECT DISTINCT day FROM trace WHERE day < {below} ORDER BY day DESC LIMIT 2"


class State(NamedTuple):
    """How far the index is.

    Attributes:
        change: it has followed the store's changes up to this one.
        below: of days before this one it may lack traces; 0 where it has all.
    """

    change: int
    below: int


class Waiting(NamedTuple):
    """Traces that wait to be indexed.

    Attributes:
        looked_at: the ids of those that are looked at one by one.
        is_whole: whether these are all that wait.
    """

    looked_at: frozenset[bytes] = frozenset()
    is_whole: bool = True


NOTHING_WAITS = Waiting()


def state_of(value: str) -> State | None:
    """How far the index is, from the record of who fills it; None if not in this form."""
    told = orjson.loads(value)
    return State(told["change"], told["below"]) if told["format"] == FORMAT else None


def read_state(client: Client) -> State | None:
    """How far the index is; None if nobody ever filled it."""
    rows = client.query(LEASE)
    return state_of(rows[0][1]) if rows else None


def read_waiting(client: Client, state: State | None, *, has_index: bool = True) -> Waiting:
    """What waits.

    Args:
        client: asks the database.
        state: how far the index is; None if that is not known.
        has_index: whether it can be read.
    """
    state = state or State(0, TOP)
    looked_at: dict[bytes, int] = {}
    is_whole = True
    # Of days that may lack some, those that changed are found with the others.
    if state.below < TOP:
        changed = client.query(_CHANGED.format(after=state.change, rows=_ROWS))
        lacking = _lacking(client, [trace_id for trace_id, _ in changed]) if changed else []
        is_whole = _look_at(looked_at, lacking) and len(changed) < _ROWS
    if state.below:
        is_whole = _look_below(client, looked_at, state.below, has_index=has_index) and is_whole
    return Waiting(frozenset(looked_at), is_whole)


def known_spans(client: Client, homes: Collection[Home]) -> dict[bytes, tuple[int, int]]:
    """Of traces that the index knows as they live now, how many spans, and up to which commit."""
    if not homes:
        return {}
    born = {home.trace_id: home.born for home in homes}
    rows = client.query(
        f"SELECT trace_id, born, span_count, version FROM words WHERE {lie_at(homes)} ORDER BY version"
    )
    return {
        trace_id: (count, version) for trace_id, of_life, count, version in rows if born[trace_id] == of_life
    }


def count_passed_over(
    client: Client, state: State | None, waiting: Waiting, experiment_ids: Collection[int] | None
) -> int:
    """How many traces a search of some experiments does not look at; of all for None."""
    if waiting.is_whole:
        return 0
    state = state or State(0, TOP)
    given = "" if experiment_ids is None else f" AND experiment_id IN ({_numbers(experiment_ids)})"
    changed = f"trace_id IN (SELECT trace_id FROM change WHERE change > {state.change})"
    waits = f"({changed} OR day < {state.below})" if state.below else changed
    lacks = LACKS.format(where="" if state.below else f" WHERE {changed}")
    rows = client.query(f"SELECT trace_id FROM trace FINAL WHERE {waits} AND {lacks}{given}")
    return len({trace_id for (trace_id,) in rows} - waiting.looked_at)


def _lacking(client: Client, trace_ids: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Those of some traces that the index lacks, in their order, with how many spans they have."""
    homes = {home.trace_id: home for home in find_homes(client, trace_ids).values() if not home.gone}
    if not homes:
        return []
    days = _numbers({home.day for home in homes.values()})
    keys = ", ".join(home.row_key for home in homes.values())
    rows = client.query(
        f"SELECT trace_id, span_count FROM trace WHERE day IN ({days}) "
        f"AND (experiment_id, start_time_ns, trace_id) IN ({keys}) AND NOT gone "
        "ORDER BY version DESC LIMIT 1 BY trace_id"
    )
    counts: dict[bytes, int] = dict(rows)
    known = known_spans(client, homes.values())
    return [
        (trace_id, counts[trace_id])
        for trace_id in trace_ids
        if trace_id in counts and known.get(trace_id, (0, 0))[0] != counts[trace_id]
    ]


def _look_below(client: Client, looked_at: dict[bytes, int], below: int, *, has_index: bool) -> bool:
    """Adds the newest of the days that may lack some; gives whether these are all."""
    days = [day for (day,) in client.query(_NEWEST_DAYS.format(below=below))]
    if not days:
        return True
    lacks = f"AND {LACKS.format(where='')} " if has_index else ""
    rows = client.query(
        f"SELECT trace_id, span_count FROM trace FINAL WHERE day IN ({_numbers(days)}) {lacks}"
        f"ORDER BY start_time_ns DESC, trace_id DESC LIMIT {_ROWS}"
    )
    older = client.query(f"SELECT 1 FROM trace WHERE day < {min(days)} LIMIT 1")
    return _look_at(looked_at, rows) and len(rows) < _ROWS and not older


def _look_at(looked_at: dict[bytes, int], rows: Iterable[tuple[bytes, int]]) -> bool:
    """Adds those for which there is room; gives whether there was for all."""
    left = LOOKED_AT_SPANS - sum(looked_at.values())
    for trace_id, count in rows:
        if trace_id in looked_at:
            continue
        if count > left:
            return False
        looked_at[trace_id] = count
        left -= count
    return True


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(values))) or "0"
