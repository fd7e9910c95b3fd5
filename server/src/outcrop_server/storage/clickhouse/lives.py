"""The traces of a commit: as they were before it, and what it makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.clickhouse import rows
from outcrop_server.storage.clickhouse.client import hex_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import TraceRow
    from outcrop_server.storage.clickhouse.client import Client

HOME = (
    "trace_id, version, gone, born, is_reborn, day, experiment_id, start_time_ns, anchor_day, "
    "anchor_experiment, anchor_ns"
)
# Spans and frames of numbers that came to nothing are there, and never count.
NOT_VOID = "number NOT IN (SELECT number FROM log WHERE kind = 'void')"


class Home(NamedTuple):
    """Where a trace lies; the columns of HOME.

    Attributes:
        version: of its newest row, and the newest commit whose spans count.
        gone: whether it is deleted.
        born: the first commit whose spans count.
        is_reborn: whether spans of an earlier life may lie there, too.
        day, experiment_id, start_time_ns: where its row lies.
        anchor_day, anchor_experiment, anchor_ns: where its spans and frames lie.
    """

    trace_id: bytes
    version: int
    gone: int
    born: int
    is_reborn: int
    day: int
    experiment_id: int
    start_time_ns: int
    anchor_day: int
    anchor_experiment: int
    anchor_ns: int

    @property
    def row_key(self) -> str:
        """Where its row lies, as it stands in a statement."""
        return f"({self.experiment_id}, {self.start_time_ns}, {_fixed(self.trace_id)})"

    @property
    def anchor_key(self) -> str:
        """Where its spans and frames lie, as it stands in a statement."""
        return f"({self.anchor_experiment}, {self.anchor_ns}, {_fixed(self.trace_id)})"

    @property
    def spans_are(self) -> str:
        """A condition of which its spans, and of `frame` its frames, hold."""
        return (
            f"day = {self.anchor_day} AND (experiment_id, anchor_ns, trace_id) = {self.anchor_key} "
            f"AND number BETWEEN {self.born} AND {self.version} AND {NOT_VOID}"
        )


@dataclass(slots=True)
class Life:
    """A trace in a commit.

    Attributes:
        home: where it lay before; None if nobody knew of it.
        before: its row before; None if it was not there.
        row: its row now; None while it is not there.
        keys: beside the row (`model.summary`).
        terms: as `rows.term_text` gives them.
        kept_bytes: what it takes, without large binaries.
        new: the spans that the commit brings.
        is_gone: whether the commit deletes it.
        is_touched: whether the commit changes its row, tags, or judgements.
    """

    trace_id: bytes
    home: Home | None = None
    before: TraceRow | None = None
    row: TraceRow | None = None
    keys: str = ""
    terms: set[str] = field(default_factory=set[str])
    kept_bytes: int = 0
    new: list[NewSpan] = field(default_factory=list["NewSpan"])
    is_gone: bool = False
    is_touched: bool = False


def find_homes(client: Client, trace_ids: Iterable[bytes]) -> dict[bytes, Home]:
    """Where traces lie, deleted ones included, by their ids; unknown ones are left out."""
    found = client.query(
        f"SELECT {HOME} FROM trace_home WHERE trace_id IN {hex_list(trace_ids, 16)} "  # noqa: S608 - constants and hex
        "ORDER BY version DESC LIMIT 1 BY trace_id"
    )
    return {row[0]: Home(*row) for row in found}


def find_lives(
    client: Client, trace_ids: Sequence[bytes], experiment_of: Callable[[int], str]
) -> dict[bytes, Life]:
    """Traces as they are before a commit, which has been claimed.

    Args:
        client: asks the database.
        trace_ids: of all that are wanted.
        experiment_of: the name of an experiment by its number.
    """
    lives = {trace_id: Life(trace_id) for trace_id in trace_ids}
    homes = find_homes(client, lives)
    for home in homes.values():
        lives[home.trace_id].home = home
    living = [home for home in homes.values() if not home.gone]
    if not living:
        return lives
    found = client.query(
        f"SELECT {rows.TRACE}, experiment_id, summary_keys, terms, kept_bytes FROM trace "  # noqa: S608 - constants and numbers
        f"WHERE day IN ({_days(home.day for home in living)}) "
        f"AND (experiment_id, start_time_ns, trace_id) IN ({', '.join(home.row_key for home in living)}) "
        "ORDER BY version DESC LIMIT 1 BY trace_id"
    )
    for values in found:
        *columns, experiment_id, keys, terms, kept_bytes = values
        life = lives[columns[0]]
        life.before = life.row = rows.to_trace(tuple(columns), experiment_of(experiment_id))
        life.keys, life.terms, life.kept_bytes = keys, set(terms), kept_bytes
    return lives


def find_spans(client: Client, homes: Sequence[Home], span_ids: Iterable[bytes]) -> set[tuple[bytes, bytes]]:
    """Which of some spans are there already, as trace and span ids."""
    if not homes:
        return set()
    found = client.query(
        "SELECT trace_id, span_id, number FROM span "  # noqa: S608 - constants, numbers and hex
        f"WHERE day IN ({_days(home.anchor_day for home in homes)}) "
        f"AND (experiment_id, anchor_ns, trace_id) IN ({', '.join(home.anchor_key for home in homes)}) "
        f"AND span_id IN {hex_list(span_ids, 8)} AND {NOT_VOID}"
    )
    lives = {home.trace_id: home for home in homes}
    return {
        (trace_id, span_id)
        for trace_id, span_id, number in found
        if lives[trace_id].born <= number <= lives[trace_id].version
    }


def find_calls(client: Client, homes: Sequence[Home], columns: str, condition: str) -> list[tuple[Any, ...]]:
    """Columns of the calls of some traces, their trace id before them."""
    if not homes:
        return []
    found = client.query(
        f"SELECT trace_id, number, {columns} FROM span "  # noqa: S608 - constants, numbers and hex
        f"WHERE day IN ({_days(home.anchor_day for home in homes)}) "
        f"AND (experiment_id, anchor_ns, trace_id) IN ({', '.join(home.anchor_key for home in homes)}) "
        f"AND {NOT_VOID} AND {condition}"
    )
    lives = {home.trace_id: home for home in homes}
    return [
        (trace_id, *rest)
        for trace_id, number, *rest in found
        if lives[trace_id].born <= number <= lives[trace_id].version
    ]


def _days(days: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(days))))


def _fixed(trace_id: bytes) -> str:
    return f"unhex('{trace_id.hex()}')"
