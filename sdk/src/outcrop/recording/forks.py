"""Notices that the process was forked, also where nobody tells Python of it, as under uWSGI.

uWSGI forks its workers by C's own `fork` unless its threads are switched on: no function that was given to
`os.register_at_fork` is called there, and two workers would give the same ids.

A module that another thread is importing at that moment stays half made in the child, for ever, or whoever
imports it there waits for a thread that is not there. So a fork waits while a thread of ours imports.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

# Longer than any import of ours takes; a program that waits for one in a module of its own must not hang.
_PATIENCE_S = 5.0

_pid = os.getpid()
_callbacks: list[Callable[[], object]] = []
_importing = threading.RLock()


def when_forked(callback: Callable[[], object]) -> None:
    """Has a function called in each forked child, in the order in which they were given."""
    _callbacks.append(callback)


def look_for_fork() -> None:
    """Calls them if this is another process than before; for the moment in which a trace begins."""
    if os.getpid() != _pid:
        _in_child()


@contextmanager
def no_fork_meanwhile() -> Generator[None, None, None]:
    """For threads of ours: a fork waits for the end of the block, in which something is imported."""
    with _importing:
        yield


def _before() -> None:
    _importing.acquire(timeout=_PATIENCE_S)


def _in_parent() -> None:
    # Where it was waited for in vain it is another thread's.
    with suppress(RuntimeError):
        _importing.release()


def _in_child() -> None:
    global _pid, _importing  # noqa: PLW0603  # one a process, by nature
    _pid = os.getpid()
    # Whoever held it is not here.
    _importing = threading.RLock()
    for callback in _callbacks:
        callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
