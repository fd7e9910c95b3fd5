"""Values that between them hold every member of a shape, each with a mark of its own; no chance in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from sdk.tests.conformance.generated import UNKNOWN
from sdk.tests.conformance.shape_graph import Edge, ShapeGraph, is_document, is_union

_MAX_VALUES = 60


class Marks:
    """Texts, bytes and numbers that occur once."""

    def __init__(self, first: int = 1) -> None:
        """Numbers the marks from `first` on."""
        self._count = itertools.count(first)

    def text(self, length: int = 0) -> str:
        """A text of at least this length, safe in headers and paths."""
        return f"mark{next(self._count)}x".ljust(length, "x")

    def number(self, shape: Any) -> float:
        """A number within the shape's limits, unlike the others where they leave room."""
        low, high = float(shape.metadata.get("min", 1)), float(shape.metadata.get("max", 10**6))
        return min(max(float(next(self._count)), low), high)


class Cover:
    """Makes values until every member that can be reached has occurred.

    Args:
        graph: of the service.
        marks: where leaves come from.
        has_unknown: whether structures hold a member, and unions a kind, that no model knows.
    """

    def __init__(self, graph: ShapeGraph, marks: Marks, *, has_unknown: bool = False) -> None:
        self._graph = graph
        self._marks = marks
        self._has_unknown = has_unknown
        self._missing: set[Edge] = set()

    def values(self, shape: Any) -> Iterator[Any]:
        """At least one value.

        Raises:
            AssertionError: some member could not be reached.
        """
        self._missing = set(self._graph.edges(shape))
        for _ in range(_MAX_VALUES):
            yield self._build(shape, ())
            if not self._missing:
                return
        raise AssertionError(f"never reached: {sorted(self._missing)[:5]}")

    def _build(self, shape: Any, path: tuple[str, ...]) -> Any:
        kind = shape.type_name
        if is_document(shape):
            return {self._marks.text(): [self._marks.text(), 1.5, True]}
        if kind == "structure":
            inside = (*path, shape.name)
            return self._union(shape, inside) if is_union(shape) else self._structure(shape, inside)
        if kind == "list":
            return self._list(shape, path)
        if kind == "map":
            return {self._leaf(shape.key): self._build(shape.value, path)}
        return self._leaf(shape)

    def _structure(self, shape: Any, path: tuple[str, ...]) -> dict[str, Any]:
        names = list(shape.members)
        if path.count(shape.name) > 1:
            names = [name for name in shape.metadata.get("required", ()) if name in shape.members]
        value = {name: self._member(shape, name, path) for name in names}
        if self._has_unknown:
            value[UNKNOWN] = {"zzInner": self._marks.text()}
        return value

    def _union(self, shape: Any, path: tuple[str, ...]) -> dict[str, Any]:
        name = self._wanted(shape, path) or self._graph.smallest_member(shape)
        return {name: self._member(shape, name, path)}

    def _member(self, shape: Any, name: str, path: tuple[str, ...]) -> Any:
        self._missing.discard((shape.name, name))
        return self._build(shape.members[name], path)

    def _wanted(self, union: Any, path: tuple[str, ...]) -> str | None:
        """The member that brings something new; None if none does, or in a recursion."""
        if path.count(union.name) > 1:
            return None
        new = (name for name in union.members if (union.name, name) in self._missing)
        leads_on = (n for n, inner in union.members.items() if self._graph.edges(inner) & self._missing)
        return next(itertools.chain(new, leads_on), None)

    def _list(self, shape: Any, path: tuple[str, ...]) -> list[Any]:
        member, low = shape.member, int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", 100))
        if member.type_name != "structure" or not is_union(member):
            is_again = member.name in path
            return [self._build(member, path) for _ in range(max(low, 0 if is_again else min(1, high)))]
        found: list[Any] = []
        while len(found) < high and (len(found) < low or self._wanted(member, (*path, member.name))):
            found.append(self._build(member, path))
        if self._has_unknown and len(found) < high:
            found.append({UNKNOWN: {"zzInner": self._marks.text()}})
        return found

    def _leaf(self, shape: Any) -> Any:
        kind = shape.type_name
        low = int(shape.metadata.get("min", 0)) if kind in {"string", "blob"} else 0
        if kind == "string":
            names = list(getattr(shape, "enum", ()))
            return names[0] if names else self._marks.text(low)
        if kind == "blob":
            return self._marks.text(low).encode()
        if kind == "boolean":
            return True
        if kind == "timestamp":
            return datetime(2026, 11, 22, 12, 0, 5, tzinfo=timezone.utc)
        if shape.serialization.get("location") == "statusCode":
            return 200
        number = self._marks.number(shape)
        return number if kind in {"float", "double"} else int(number)
