"""Importing this makes MLflow's thread that exports traces look often whether it is to stop.

It looks once a second, and every program of the tests waits for it twice: as it flushes, and as it ends. Only
the wait for the next trace is shorter; what is done with one, and in which thread, is as it was.
"""

from __future__ import annotations

import importlib
from queue import Queue
from typing import Any

_LONGEST_S = 0.02


class _ImpatientQueue(Queue[Any]):
    """A queue that gives up waiting early."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """What is next, as the base's."""
        return super().get(block, None if timeout is None else min(timeout, _LONGEST_S))


# Imported by name: only the environments have it, and not this one's type checkers.
_exporting: Any = importlib.import_module("mlflow.tracing.export.async_export_queue")
# A release that waits otherwise is to be looked at.
assert _exporting.Queue is Queue
_exporting.Queue = _ImpatientQueue
