"""Workers of `multiprocessing` end by `os._exit`, without `atexit`; here they deliver before they do.

`multiprocessing` has finalizers for that, which it forgets in each forked child. Celery's copy of it
(`billiard`) has the same. Neither is ever loaded for this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

_MODULES = ("multiprocessing.util", "billiard.util")
_CELERY = "celery.signals"
_CELERY_ID = "outcrop.delivery"
# Below 0: after the worker's own finalizers, which may still end spans.
_PRIORITY = -100

_seen: set[str] = set()


def deliver_when_worker_ends(shutdown: Callable[[], object]) -> None:
    """For a process that begins to trace: it may be such a worker."""
    for util in _loaded():
        util.Finalize(None, shutdown, exitpriority=_PRIORITY)
    # A prefork worker of Celery that has done its number of tasks ends without finalizers too.
    if (signals := sys.modules.get(_CELERY)) is not None:

        def deliver(**_: object) -> None:
            shutdown()

        signals.worker_process_shutdown.connect(deliver, weak=False, dispatch_uid=_CELERY_ID)


def after_fork_in_child(shutdown: Callable[[], object]) -> None:
    """For a process that was forked while it traced: it may be about to become such a worker."""

    def begin(_: object) -> None:
        deliver_when_worker_ends(shutdown)

    for util in _loaded():
        # Kept across further forks, so once is enough.
        if util.__name__ not in _seen:
            _seen.add(util.__name__)
            # Forgotten with its first argument, so that is one that stays.
            util.register_after_fork(deliver_when_worker_ends, begin)


def _loaded() -> list[Any]:
    return [sys.modules[name] for name in _MODULES if name in sys.modules]
