"""Notices that the process was forked, also where nobody tells Python of it, as under uWSGI.

uWSGI forks its workers by C's own `fork` unless its threads are switched on: no function that was given to
`os.register_at_fork` is called there, and two workers would give the same ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable

_pid = os.getpid()
_callbacks: list[Callable[[], object]] = []


def when_forked(callback: Callable[[], object]) -> None:
    """Has a function called in each forked child, in the order in which they were given."""
    _callbacks.append(callback)


def look_for_fork() -> None:
    """Calls them if this is another process than before; for the moment in which a trace begins."""
    if os.getpid() != _pid:
        _in_child()


def _in_child() -> None:
    global _pid  # noqa: PLW0603  # one a process, by nature
    _pid = os.getpid()
    for callback in _callbacks:
        callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
