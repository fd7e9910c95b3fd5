"""botocore's shapes as a graph: which members can be reached, and how deep a value must at least be."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

Edge = tuple[str, str]

# Deeper than any value must be; recursion through required members would be infinite.
_TOO_DEEP = 99


def is_document(shape: Any) -> bool:
    """Whether the shape stands for any JSON value."""
    return bool(getattr(shape, "is_document_type", False))


def is_union(shape: Any) -> bool:
    """Whether a value has exactly one of the shape's members."""
    return bool(getattr(shape, "is_tagged_union", False))


def is_stream(shape: Any) -> bool:
    """Whether the shape is an event stream."""
    return bool(shape.serialization.get("eventstream"))


def inner_shapes(shape: Any) -> Iterator[Any]:
    """The shapes that a value of this one may hold."""
    if shape.type_name == "structure" and not is_document(shape):
        yield from shape.members.values()
    elif shape.type_name == "list":
        yield shape.member
    elif shape.type_name == "map":
        yield shape.value


class ShapeGraph:
    """Facts about the shapes of one service, worked out once a shape."""

    def __init__(self) -> None:
        self._edges: dict[str, frozenset[Edge]] = {}
        self._heights: dict[str, int] = {}

    def edges(self, shape: Any) -> frozenset[Edge]:
        """Every (structure, member) that a value of the shape can hold."""
        if shape.name not in self._edges:
            found: set[Edge] = set()
            self._walk(shape, found)
            self._edges[shape.name] = frozenset(found)
        return self._edges[shape.name]

    def _walk(self, shape: Any, found: set[Edge]) -> None:
        if shape.type_name != "structure":
            for inner in inner_shapes(shape):
                self._walk(inner, found)
        elif not is_document(shape):
            for name, member in shape.members.items():
                if (shape.name, name) not in found:
                    found.add((shape.name, name))
                    self._walk(member, found)

    def height(self, shape: Any) -> int:
        """How many structures the smallest value of the shape nests."""
        if shape.name not in self._heights:
            self._heights[shape.name] = _TOO_DEEP
            self._heights[shape.name] = self._height(shape)
        return self._heights[shape.name]

    def _height(self, shape: Any) -> int:
        if shape.type_name == "list":
            return self.height(shape.member) if shape.metadata.get("min", 0) else 0
        if shape.type_name != "structure" or is_document(shape):
            return 0
        if is_union(shape):
            return 1 + min((self.height(member) for member in shape.members.values()), default=0)
        required = (self.height(shape.members[name]) for name in shape.metadata.get("required", ()))
        return 1 + max(required, default=0)

    def smallest_member(self, union: Any) -> str:
        """The member of a union whose value nests least."""
        names: list[str] = list(union.members)
        return min(names, key=lambda name: (self.height(union.members[name]), name))


@functools.cache
def graph_of(service: str) -> ShapeGraph:  # noqa: ARG001  # the cache's key
    """The graph of a service's shapes; names of shapes are its own."""
    return ShapeGraph()
