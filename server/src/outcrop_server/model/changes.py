"""What changed: traces by the number of their newest change. Numbered by a store, read by `query`."""

from __future__ import annotations

from typing import NamedTuple

from outcrop_server.model.rows import StoredTrace


class ChangePosition(NamedTuple):
    """How far a reader of changes has come.

    Attributes:
        history: tells the numbers of one store from those of another.
        number: of the last change that it has seen; 0 before the first one.
    """

    history: str
    number: int


class ChangedTrace(NamedTuple):
    """A trace as it is now, and the number of its newest change."""

    number: int
    trace: StoredTrace
