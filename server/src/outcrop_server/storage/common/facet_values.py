"""What a page of traces has, counted: each value once a trace, and the most frequent ones. Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from outcrop_server.model.aggregates import FacetValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.aggregates import FacetField


def values_of(
    rows: Sequence[tuple[Any, ...]], operations: Counter[str], errors: Counter[str], top: int
) -> dict[FacetField, list[FacetValue]]:
    """The most frequent values of each field.

    Args:
        rows: of each trace its key, status, models, tools, tags, session and user, as columns hold them.
        operations: in how many of them each operation is.
        errors: in how many of them each error code is.
        top: so many values of a field.
    """
    statuses = Counter("ERROR" if row[1] == "ERROR" else "OK" for row in rows)
    found: dict[FacetField, Counter[tuple[str | None, str]]] = {
        "status": _unnamed(statuses),
        "model": _unnamed(_members(Counter(row[2] for row in rows))),
        "operation": _unnamed(operations),
        "error": _unnamed(errors),
        "tool": _unnamed(_members(Counter(row[3] for row in rows))),
        "session": _unnamed(Counter(row[5] for row in rows if row[5] is not None)),
        "user": _unnamed(Counter(row[6] for row in rows if row[6] is not None)),
        "tag": _tags(Counter(row[4] for row in rows)),
    }
    return {name: _most_frequent(counts, top) for name, counts in found.items()}


def _members(texts: Counter[str]) -> Counter[str]:
    """Counts of the members of JSON lists; equal lists are read once."""
    counts: Counter[str] = Counter()
    for text, traces in texts.items():
        for member in cast("list[str]", json.loads(text)):
            counts[member] += traces
    return counts


def _tags(texts: Counter[str]) -> Counter[tuple[str | None, str]]:
    counts: Counter[tuple[str | None, str]] = Counter()
    for text, traces in texts.items():
        for item in cast("dict[str, str]", json.loads(text)).items():
            counts[item] += traces
    return counts


def _unnamed(counts: Counter[str]) -> Counter[tuple[str | None, str]]:
    return Counter({(None, value): traces for value, traces in counts.items()})


def _most_frequent(counts: Counter[tuple[str | None, str]], top: int) -> list[FacetValue]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1]))
    return [FacetValue(value, traces, key) for (key, value), traces in ordered[:top]]
