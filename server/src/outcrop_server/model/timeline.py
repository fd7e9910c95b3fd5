"""When traces began: how many in each step of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Bar(NamedTuple):
    """Traces that began within a step of time, and those of them that failed; the start is in seconds."""

    start_s: int
    traces: int
    errors: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Steps that have traces, in order of time.

    Attributes:
        bars: none where there is no trace.
        is_exact: these are all that fit; else the newest of them.
    """

    bars: list[Bar]
    is_exact: bool
