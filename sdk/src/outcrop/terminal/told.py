"""Which traces a tail has given already, so that each is given once: when it is complete.

One that still runs is given as it stands if nothing was heard of it for a while, since the root of a trace
that another tracer began may never come; and again when it is complete. Knows no server.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from outcrop.json_reading import JsonObject
from outcrop.terminal.source import info_of

_REMEMBERED = 50_000
_WAITING = 1_000
SETTLE_S = 5.0


class _Waiting(NamedTuple):
    trace: JsonObject
    since_s: float


class Told:
    """Remembers the last 50,000 traces that were given."""

    def __init__(self, settle_s: float = SETTLE_S, now: Callable[[], float] = time.monotonic) -> None:
        """`settle_s`: seconds after which one that still runs is given; `now`: a clock in seconds."""
        self._settle_s = settle_s
        self._now = now
        # By id, whether it was complete.
        self._given: OrderedDict[str, bool] = OrderedDict()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def knows(self, trace: JsonObject) -> bool:
        """Whether it was met before."""
        trace_id = _id(trace)
        return trace_id in self._given or trace_id in self._waiting

    def note(self, trace: JsonObject) -> None:
        """It need not be given as it is now."""
        trace_id = _id(trace)
        self._waiting.pop(trace_id, None)
        self._given[trace_id] = _is_complete(trace)
        self._given.move_to_end(trace_id)
        while len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)

    def due(self, traces: list[JsonObject]) -> list[JsonObject]:
        """What is to be given now, of traces that are new or changed and of those that wait."""
        given: list[JsonObject] = []
        now_s = self._now()
        for trace in traces:
            trace_id = _id(trace)
            if _is_complete(trace):
                if not self._given.get(trace_id, False):
                    self.note(trace)
                    given.append(trace)
            elif trace_id not in self._given and _state(trace) != "IN_PROGRESS":
                # Nothing more is expected of it.
                self.note(trace)
                given.append(trace)
            elif trace_id not in self._given:
                before = self._waiting.pop(trace_id, None)
                is_same = before is not None and before.trace == trace
                self._waiting[trace_id] = _Waiting(trace, before.since_s if before and is_same else now_s)
        return given + self._settled(now_s)

    def _settled(self, now_s: float) -> list[JsonObject]:
        due = [each.trace for each in self._waiting.values() if now_s - each.since_s >= self._settle_s] or [
            each.trace for each in list(self._waiting.values())[: max(len(self._waiting) - _WAITING, 0)]
        ]
        for trace in due:
            self.note(trace)
        return due


def _id(trace: JsonObject) -> str:
    return str(info_of(trace).get("trace_id"))


def _state(trace: JsonObject) -> object:
    return info_of(trace).get("state")


def _is_complete(trace: JsonObject) -> bool:
    return _state(trace) not in {"IN_PROGRESS", "INCOMPLETE"}
