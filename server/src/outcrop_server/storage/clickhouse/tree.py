"""The spans of a trace by their parents: pages of a tree, sums below a span, parents that have not come."""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.tree import SubtreeTotals
from outcrop_server.storage.clickhouse import rows
from outcrop_server.storage.clickhouse.client import fixed, hex_list
from outcrop_server.storage.clickhouse.reading import home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.rows import SpanRow
    from outcrop_server.model.tree import SpanPosition
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.lives import Home

# That of the table: so a page is read no further than it goes.
_ORDER = "experiment_id, anchor_ns, trace_id, has_parent, parent_id, start_time_ns, span_id"
_ID_BYTES = len(rows.NO_PARENT)
_BELOW = (
    "span_id, parent_id, status = 'ERROR', input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens, cost_nano_usd"
)
# How many levels are read one by one; what is deeper is read at once.
_LEVELS = 16


def top_spans(client: Client, trace_id: bytes, after: SpanPosition | None, limit: int) -> list[SpanRow]:
    """A page of roots, then of orphans."""
    home = home_of(client, trace_id)
    if home is None:
        return []
    places: list[str] = []
    if after is None:
        places.append("has_parent = 0")
    else:
        places.append(_behind(_below(after.parent_id), after))
    behind = b"" if after is None else after.parent_id or b""
    missing = client.query(
        f"SELECT parent_id FROM missing_parent FINAL WHERE trace_id = {fixed(trace_id)} AND NOT gone "
        f"AND parent_id > {_text(behind)} ORDER BY parent_id LIMIT {limit}"
    )
    if missing:
        orphans = hex_list([parent_id for (parent_id,) in missing], _ID_BYTES)
        places.append(f"has_parent = 1 AND parent_id IN {orphans}")
    return _page(client, home, " OR ".join(f"({place})" for place in places), limit)


def child_spans(
    client: Client, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
) -> list[SpanRow]:
    """A page of the spans right below one."""
    home = home_of(client, trace_id)
    if home is None or len(parent_id) != _ID_BYTES:
        return []
    place = _below(parent_id)
    return _page(client, home, place if after is None else _behind(place, after), limit)


def span_page(client: Client, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
    """A page of spans in the order of their ids."""
    home = home_of(client, trace_id)
    if home is None:
        return []
    # Their ids first: of all spans behind one no more is looked at.
    ids = (
        f"SELECT span_id FROM span WHERE {home.spans_are} AND span_id > {_text(after or b'')} "
        f"ORDER BY span_id LIMIT {limit}"
    )
    found = client.query(
        f"SELECT {rows.SPAN} FROM span WHERE {home.spans_are} AND span_id IN ({ids}) ORDER BY span_id"
    )
    return [rows.to_span(values) for values in found]


def subtree(client: Client, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
    """Sums over the spans below one, the nearest `limit` of them."""
    home = home_of(client, trace_id)
    if home is None or len(span_id) != _ID_BYTES:
        return SubtreeTotals()
    found: list[tuple[Any, ...]] = []
    seen, level, child_count, goes_round = {span_id}, [span_id], 0, False
    for depth in range(_LEVELS):
        below = _level(client, home, level, limit + 1 - len(found))
        child_count = child_count if depth else min(len(below), limit)
        # Spans that are each other's parents: it never ends.
        new = [row for row in below if row[0] not in seen]
        goes_round = goes_round or len(new) < len(below)
        found += new
        level = [row[0] for row in new]
        seen.update(level)
        if not level or len(found) > limit:
            break
    else:
        deeper, again = _deeper(_every_edge(client, home), level, seen, limit + 1 - len(found))
        goes_round = goes_round or again
        found += deeper
    return _totals(found[:limit], child_count, is_partial=goes_round or len(found) > limit)


def _totals(nearest: Sequence[tuple[Any, ...]], child_count: int, *, is_partial: bool) -> SubtreeTotals:
    errors, fresh, out, read, written, cost = (_sum(nearest, place) for place in range(2, 8))
    usage = Usage(fresh, out, read, written)
    return SubtreeTotals(child_count, len(nearest), errors or 0, usage, cost, is_partial)


def _level(client: Client, home: Home, parents: Iterable[bytes], limit: int) -> list[tuple[Any, ...]]:
    """What lies right below some spans."""
    return client.query(
        f"SELECT {_BELOW} FROM span WHERE {home.spans_are} AND has_parent = 1 "
        f"AND parent_id IN {hex_list(parents, _ID_BYTES)} ORDER BY {_ORDER} LIMIT {limit}"
    )


def _every_edge(client: Client, home: Home) -> list[tuple[Any, ...]]:
    return client.query(
        f"SELECT {_BELOW} FROM span WHERE {home.spans_are} AND has_parent = 1 ORDER BY {_ORDER}"
    )


def _deeper(
    edges: Iterable[tuple[Any, ...]], level: Iterable[bytes], seen: set[bytes], limit: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """What lies below some spans, nearest first, and whether it goes round."""
    children: dict[bytes, list[tuple[Any, ...]]] = {}
    for row in edges:
        children.setdefault(row[1], []).append(row)
    found: list[tuple[Any, ...]] = []
    waiting, goes_round = deque(level), False
    while waiting and len(found) < limit:
        for row in children.get(waiting.popleft(), ()):
            if row[0] in seen:
                goes_round = True
                continue
            seen.add(row[0])
            found.append(row)
            waiting.append(row[0])
    return found[:limit], goes_round


def _sum(found: Sequence[tuple[Any, ...]], place: int) -> int | None:
    """Of a column's known values; None if none is known."""
    known = [row[place] for row in found if row[place] is not None]
    return sum(known) if known else None


def _page(client: Client, home: Home, place: str, limit: int) -> list[SpanRow]:
    found = client.query(
        f"SELECT {rows.SPAN} FROM span WHERE {home.spans_are} AND ({place}) ORDER BY {_ORDER} LIMIT {limit}"
    )
    return [rows.to_span(values) for values in found]


def _below(parent_id: bytes | None) -> str:
    """A condition of which the spans right below one hold; roots where it is None."""
    return "has_parent = 0" if parent_id is None else f"has_parent = 1 AND parent_id = {_text(parent_id)}"


def _behind(place: str, after: SpanPosition) -> str:
    # The first condition alone is of use to the primary key.
    start_ns = after.start_time_ns
    return (
        f"{place} AND start_time_ns >= {start_ns} "
        f"AND (start_time_ns, span_id) > ({start_ns}, {_text(after.span_id)})"
    )


def _text(span_id: bytes) -> str:
    """An id as it stands in a statement, or the beginning of one; the empty one is before all."""
    return fixed(span_id.ljust(_ID_BYTES, b"\0")[:_ID_BYTES])
