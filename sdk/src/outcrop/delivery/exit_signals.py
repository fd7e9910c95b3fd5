"""SIGTERM ends a Python program without `atexit`; here what waits is delivered before it does.

Only where nobody else has a say: a handler of the program's or of its host is never replaced, and what the
parent process sees stays a death by SIGTERM.
"""

from __future__ import annotations

import _thread
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from outcrop.capture.faults import report_fault

# Longer than the runtime's own limit at exit; nothing may hold a process that was asked to end.
_GRACE_S = 7.0
# The kernel keeps SIGTERM from the first process of a container unless that handles it.
_INIT_PID = 1


def deliver_on_sigterm(flush: Callable[[], object], shutdown: Callable[[], object]) -> bool:
    """Has what waits delivered when SIGTERM comes, in this process and in those that it forks.

    Args:
        flush: delivers, and lets the program go on: SIGTERM does not end the first process of a container.
        shutdown: delivers, before the process ends.

    Returns:
        Whether this was set up. It is not outside the main thread, nor where SIGTERM is handled or
        ignored already. A program that sets a handler of its own later has taken over.
    """
    if os.name != "posix" or not _is_unhandled():
        return False

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a handler's signature
        if os.getpid() == _INIT_PID:
            _run_beside(flush)
            return
        # From here on a second SIGTERM ends the process at once.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _run_beside(shutdown)
        signal.raise_signal(signal.SIGTERM)

    try:
        signal.signal(signal.SIGTERM, handle)
    except ValueError:  # not the main thread, or not the main interpreter
        return False
    return True


def _is_unhandled() -> bool:
    return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and not _is_caught_below_python()


def _is_caught_below_python() -> bool:
    """Whether a program that embeds Python, such as uWSGI, handles SIGTERM; only Linux tells."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    for line in status.splitlines():
        name, _, mask = line.partition(":")
        if name == "SigCgt":
            return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)
    return False


def _run_beside(work: Callable[[], object]) -> None:
    """Runs it on another thread, for the main one may hold a lock just where the signal met it.

    Not by `threading.Thread`, which waits for such a lock itself.
    """
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # the process ends as it was asked to
            report_fault("delivering spans at SIGTERM", error)
        finally:
            done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        # The interpreter is ending and starts no thread any more.
        run()
    done.acquire(timeout=_GRACE_S)
