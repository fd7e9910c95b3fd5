"""Which rows of `span` count for the traces that are looked at, as it stands in a statement. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.conditions import FROM_SPANS
from outcrop_server.storage.clickhouse.lives import NOT_VOID

if TYPE_CHECKING:
    from collections.abc import Iterable

_COUNTS = f"span.{NOT_VOID}"
# Traces that began anew, whose spans of an earlier life may lie there.
REBORN = "FROM trace_home WHERE is_reborn AND NOT gone"
_LIVES = (
    f"LEFT ANY JOIN (SELECT trace_id, max(born) AS born {REBORN} GROUP BY trace_id) AS lives "
    "ON span.trace_id = lives.trace_id"
)


class SpanState(NamedTuple):
    """What there is of spans as a question begins.

    Attributes:
        applied: the newest commit that can be seen.
        has_reborn: whether a trace began anew after it was deleted.
    """

    applied: int
    has_reborn: bool

    def rows(self, days: Iterable[int]) -> str:
        """FROM and WHERE of the spans of traces that lie in some days."""
        wanted = ", ".join(map(str, sorted(set(days)))) or "0"
        counts = f"WHERE span.day IN ({wanted}) AND span.number <= {self.applied:d} AND {_COUNTS}"
        if not self.has_reborn:
            return f"FROM span {counts}"
        return f"FROM span {_LIVES} {counts} AND span.number >= lives.born"

    def put_into(self, statement: str, days: Iterable[int]) -> str:
        """A statement whose conditions look at these spans."""
        return statement.replace(FROM_SPANS, self.rows(days))
