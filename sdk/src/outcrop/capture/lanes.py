"""A stream's texts as they grow: the strings that stand at the same place of event after event, as one text.

A model's answer comes in pieces, and what is to be hidden may lie across two of them. Which members grow is
not asked: every string of every event belongs to a lane, so that bodies of unknown families are covered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple, cast

# Numbers by which events say which block or choice they go on with.
_INDEX_NAMES = ("contentBlockIndex", "index")
# What is put around the beginning of a block is another thing than what is put around its growth.
_WRAPPERS = frozenset({"delta", "start", "content_block", "message"})
# Bedrock pads events with an alphabet of random length.
_PADDING = "p"

Lane = tuple[Hashable, ...]


class Document:
    """One event's JSON, or its text."""

    __slots__ = ("holder", "is_changed", "kind")

    def __init__(self, value: Any, kind: str) -> None:
        """`kind` tells events apart that have nothing to do with each other."""
        self.holder = [value]
        self.kind = kind
        self.is_changed = False

    @property
    def value(self) -> Any:
        """The JSON as it is now."""
        return self.holder[0]

    def replace(self, value: Any) -> None:
        """Puts other JSON in its place."""
        self.holder[0] = value
        self.is_changed = True


class Leaf(NamedTuple):
    """A string within a document: what holds it, and under which key or number."""

    document: Document
    holder: Any
    place: Any
    parent: str | None

    @property
    def text(self) -> str:
        """The string."""
        return cast("str", self.holder[self.place])

    def put(self, text: str) -> None:
        """Puts another in its place."""
        if text != self.holder[self.place]:
            self.holder[self.place] = text
            self.document.is_changed = True


def lanes_of(documents: Sequence[Document]) -> list[list[Leaf]]:
    """Every string of a stream, put together by where it stands; in the order of the events."""
    lanes: dict[Lane, list[Leaf]] = {}
    for document in documents:
        for lane, leaf in _leaves(document, document.holder, 0, (document.kind,), None):
            lanes.setdefault(lane, []).append(leaf)
    return list(lanes.values())


def rewrite_lane(leaves: Sequence[Leaf], rewrite: Callable[[list[str]], list[str]]) -> None:
    """Gives the pieces of a lane to a function and puts back what it gives, one for one."""
    for leaf, text in zip(leaves, rewrite([leaf.text for leaf in leaves]), strict=True):
        leaf.put(text)


def _leaves(
    document: Document, holder: Any, place: Any, lane: Lane, parent: str | None
) -> Iterator[tuple[Lane, Leaf]]:
    value = holder[place]
    if isinstance(value, str):
        yield lane, Leaf(document, holder, place, parent)
    elif isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        lane = lane + tuple((name, members[name]) for name in _INDEX_NAMES if type(members.get(name)) is int)
        under = place if isinstance(place, str) else parent
        for name in members:
            if name != _PADDING or holder is not document.holder:
                inner = lane if name in _WRAPPERS else (*lane, name)
                yield from _leaves(document, members, name, inner, under)
    elif isinstance(value, list):
        under = place if isinstance(place, str) else parent
        for number, member in enumerate(cast("list[Any]", value)):
            inner = lane if _has_index(member) else (*lane, number)
            yield from _leaves(document, value, number, inner, under)


def _has_index(value: Any) -> bool:
    return isinstance(value, dict) and type(cast("dict[str, Any]", value).get("index")) is int
