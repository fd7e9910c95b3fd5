"""A pattern's tree as an automaton: numbered states, each with what leads on from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from outcrop.filter.patterns.syntax import (
    Anchor,
    AnchorKind,
    Choice,
    Node,
    One,
    PatternError,
    Repeat,
    Sequence,
)

# Each step over a character costs no more than this many looks.
MAX_STATES = 1_000


@dataclass
class Program:
    """States by number: each leads on over a character, at a place, or at once.

    Attributes:
        ones: a set of characters, and the state behind.
        anchors: a kind of place, and the state behind.
        empty: the states that it may be as well.
        start: the first state.
        end: the one in which the pattern was found.
    """

    ones: dict[int, tuple[One, int]] = field(default_factory=dict[int, tuple[One, int]])
    anchors: dict[int, tuple[AnchorKind, int]] = field(default_factory=dict[int, tuple[AnchorKind, int]])
    empty: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    start: int = 0
    end: int = 0


def program_of(node: Node) -> Program:
    """The automaton of a tree.

    Raises:
        PatternError: it would have too many states.
    """
    builder = _Builder()
    start, end = builder.add(node)
    builder.program.start, builder.program.end = start, end
    return builder.program


class _Builder:
    def __init__(self) -> None:
        self.program = Program()
        self._count = 0

    def add(self, node: Node) -> tuple[int, int]:
        """Adds a tree; gives the states before and behind it."""
        if isinstance(node, One):
            start, end = self._state(), self._state()
            self.program.ones[start] = (node, end)
            return start, end
        if isinstance(node, Anchor):
            start, end = self._state(), self._state()
            self.program.anchors[start] = (node.kind, end)
            return start, end
        if isinstance(node, Sequence):
            return self._one_after_the_other(list(node.items))
        if isinstance(node, Choice):
            start, end = self._state(), self._state()
            for branch in node.branches:
                first, last = self.add(branch)
                self._lead(start, first)
                self._lead(last, end)
            return start, end
        return self._repeated(node)

    def _one_after_the_other(self, nodes: list[Node]) -> tuple[int, int]:
        start = end = self._state()
        for node in nodes:
            first, last = self.add(node)
            self._lead(end, first)
            end = last
        return start, end

    def _repeated(self, node: Repeat) -> tuple[int, int]:
        start, end = self._one_after_the_other([node.item] * node.least)
        if node.most is None:
            first, last = self.add(node.item)
            done = self._state()
            self._lead(end, first)
            self._lead(end, done)
            self._lead(last, first)
            self._lead(last, done)
            return start, done
        done = self._state()
        for _ in range(node.most - node.least):
            first, last = self.add(node.item)
            self._lead(end, first)
            self._lead(end, done)
            end = last
        self._lead(end, done)
        return start, done

    def _lead(self, before: int, behind: int) -> None:
        self.program.empty.setdefault(before, []).append(behind)

    def _state(self) -> int:
        if self._count >= MAX_STATES:
            raise PatternError("it is too large: repeat less, or less within what is repeated.", 0)
        self._count += 1
        return self._count - 1
