"""Which reply is next: one queue a model id, filled by tests, emptied by calls from many threads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from outcrop.testing.replies import ScriptedReply


@dataclass(frozen=True)
class Script:
    """The replies of one model, in order.

    Attributes:
        replies: what it answers, call by call.
        repeat_last: whether the last one is given again and again; otherwise the default reply follows.
    """

    replies: tuple[ScriptedReply, ...]
    repeat_last: bool = True


class ScriptBook:
    """The scripts of all models."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, tuple[deque[ScriptedReply], bool]] = {}

    def put(self, model_id: str, script: Script) -> None:
        """Set a model's script in place of the one it had."""
        if not script.replies:
            raise ValueError(f"The script for {model_id!r} has no reply; give at least one.")
        with self._lock:
            self._queues[model_id] = (deque(script.replies), script.repeat_last)

    def take(self, model_id: str) -> ScriptedReply | None:
        """The model's next reply, or None where the default one answers."""
        with self._lock:
            queue, repeat_last = self._queues.get(model_id, (None, False))
            if not queue:
                return None
            return queue[0] if repeat_last and len(queue) == 1 else queue.popleft()

    def clear(self) -> None:
        """Forget all scripts."""
        with self._lock:
            self._queues.clear()
