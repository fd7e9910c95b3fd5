"""What changed in the store, by the numbers that commits give."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.changes import ChangedTrace
from outcrop_server.storage.clickhouse.opening import META
from outcrop_server.storage.clickhouse.reading import read_some_traces
from outcrop_server.storage.clickhouse.records import read_some

if TYPE_CHECKING:
    from outcrop_server.model.changes import ChangePosition
    from outcrop_server.storage.clickhouse.facts import Facts

# So many changes are told; whoever saw none of them looks at everything.
HISTORY = 100_000
# The record with the last change that was forgotten, under META.
FORGOTTEN = "forgotten changes"


def since(
    facts: Facts, newest: ChangePosition, after: ChangePosition, limit: int
) -> list[ChangedTrace] | None:
    """What changed after a position; None if that is not known, or was too long ago.

    Args:
        facts: what is known beside traces.
        newest: the last change that can be seen.
        after: the position.
        limit: at most so many traces.
    """
    if after.history != newest.history or not 0 <= after.number <= newest.number:
        return None
    client = facts.client
    told: list[ChangedTrace] = []
    at = after.number
    while at < newest.number:
        between = f"change > {at} AND change <= {newest.number}"
        found = client.query(
            f"SELECT trace_id, max(change) AS newest, (SELECT count() FROM change WHERE {between}) "
            f"FROM change WHERE {between} GROUP BY trace_id ORDER BY newest LIMIT {limit - len(told)}"
        )
        if not found:
            break
        if found[0][2] > HISTORY:
            return None
        traces = read_some_traces(facts, [trace_id for trace_id, *_ in found])
        told += [ChangedTrace(number, traces[each]) for each, number, _ in found if each in traces]
        if len(told) >= limit:
            break
        # The deleted have fallen out: that this page is short must not look as if it were the last.
        at = found[-1][1]
    # Asked behind it: what is forgotten meanwhile was not whole.
    forgotten = int(read_some(client, META, [FORGOTTEN]).get(FORGOTTEN, 0))
    return None if after.number < forgotten else told
