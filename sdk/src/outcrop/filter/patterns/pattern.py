"""Looks for a pattern in a text, in time proportional to the text.

All states in which the automaton may be are followed at once (Thompson's construction), and which set of
states follows which is remembered as it is met, so that mostly a character costs one look into a table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

from outcrop.filter.folding import folded
from outcrop.filter.patterns.literals import required
from outcrop.filter.patterns.program import Program, program_of
from outcrop.filter.patterns.syntax import One, fits, is_of_class, parse_pattern

# More sets of states than these are forgotten and met again.
_MAX_REMEMBERED = 1_000
_START, _WORD, _OTHER, _END = range(4)


class _Set:
    """A set of states, before what stands behind the place is known; `then` has the next by characters."""

    __slots__ = ("before", "states", "then")

    def __init__(self, states: frozenset[int], before: int) -> None:
        self.states = states
        self.before = before
        self.then: dict[int, _Set] = {}


_FOUND = _Set(frozenset(), _END)


def _go_on() -> None:
    """For callers who have time."""


class Pattern:
    """A compiled pattern.

    Args:
        source: its text.

    Attributes:
        required: of each of these, one stands in every text in which the pattern is found; ASCII letters are
            small. May be empty.

    Raises:
        PatternError: it is wrong; says where.
    """

    def __init__(self, source: str) -> None:
        syntax = parse_pattern(source)
        self._program: Program = program_of(syntax.node)
        self._fits = fits(syntax.ignores_case)
        self.required = required(syntax.node)
        self._sets = {one: place for place, one in enumerate(sorted(self._ones(), key=repr))}
        # Characters that no set and no place tells apart are of one kind.
        self._lock = threading.Lock()
        self._kinds: dict[str, int] = {}
        self._kind_numbers: dict[tuple[bool, ...], int] = {}
        self._samples: list[str] = []
        self._remembered: dict[tuple[frozenset[int], int], _Set] = {}

    def is_in(self, text: str, on_work: Callable[[], None] = _go_on) -> bool:
        """Whether it is found anywhere in a text.

        Args:
            text: where to look.
            on_work: called now and then; may raise to end it.
        """
        if self.required:
            # Looking for a text in another takes a thousandth of the time of what follows.
            small = folded(text)
            if not all(any(literal in small for literal in choices) for choices in self.required):
                return False
        kinds = self._kinds
        current = self._set(frozenset({self._program.start}), _START)
        for character in text:
            kind = kinds.get(character)
            if kind is None:
                kind = self._kind(character)
            following = current.then.get(kind)
            if following is None:
                on_work()
                following = self._follow(current, kind)
            if following is _FOUND:
                return True
            current = following
        return self._program.end in self._reached(current, _END)

    def _follow(self, current: _Set, kind: int) -> _Set:
        character = self._samples[kind]
        behind = _WORD if is_of_class("w", character) else _OTHER
        reached = self._reached(current, behind)
        if self._program.end in reached:
            following = _FOUND
        else:
            ones = self._program.ones
            stepped = {ones[state][1] for state in reached if self._steps(state, character)}
            # It may begin at any place.
            stepped.add(self._program.start)
            following = self._set(frozenset(stepped), behind)
        current.then[kind] = following
        return following

    def _steps(self, state: int, character: str) -> bool:
        found = self._program.ones.get(state)
        return found is not None and self._fits(found[0], character)

    def _reached(self, current: _Set, behind: int) -> set[int]:
        """Every state that can be reached at this place without a character."""
        empty, anchors = self._program.empty, self._program.anchors
        waiting = list(current.states)
        reached = set(waiting)
        while waiting:
            state = waiting.pop()
            onward = empty.get(state, [])
            anchor = anchors.get(state)
            if anchor is not None and _is_at(anchor[0], current.before, behind):
                onward = [*onward, anchor[1]]
            for each in onward:
                if each not in reached:
                    reached.add(each)
                    waiting.append(each)
        return reached

    def _set(self, states: frozenset[int], before: int) -> _Set:
        key = (states, before)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= _MAX_REMEMBERED:
                for each in list(self._remembered.values()):
                    each.then.clear()
                self._remembered.clear()
            known = self._remembered[key] = _Set(states, before)
        return known

    def _kind(self, character: str) -> int:
        told = (*(self._fits(one, character) for one in self._sets), is_of_class("w", character))
        # A pattern is kept for all who ask, at once perhaps: two new kinds must not get one number.
        with self._lock:
            number = self._kind_numbers.get(told)
            if number is None:
                number = len(self._samples)
                self._samples.append(character)
                self._kind_numbers[told] = number
        if len(self._kinds) < _MAX_REMEMBERED * 10:
            self._kinds[character] = number
        return number

    def _ones(self) -> set[One]:
        return {one for one, _ in self._program.ones.values()}


def _is_at(kind: str, before: int, behind: int) -> bool:
    if kind == "start":
        return before == _START
    if kind == "end":
        return behind == _END
    is_boundary = (before == _WORD) is not (behind == _WORD)
    return is_boundary is (kind == "boundary")


@lru_cache(maxsize=64)
def compiled(source: str) -> Pattern:
    """A pattern, kept for the next who asks."""
    return Pattern(source)
