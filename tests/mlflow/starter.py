"""Runs programs in forks of one process that has imported modules: `python starter.py MODULE...`.

The environments' own Python runs it, so it stands on the standard library alone. `starting` is its other
end: requests come by stdin, one line of JSON each and one at a time, and a line on stdout answers each. What
the process itself has to say goes to stderr. It ends when its stdin does, and a program with it.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
import types
from importlib.machinery import BuiltinImporter
from pathlib import Path
from typing import Any, BinaryIO, TextIO

# Where Linux lists the threads of a process, those of native libraries too.
_THREADS = Path("/proc/self/task")


def serve(modules: list[str]) -> str | None:
    """Forks for each request; gives a program in the fork that is to run it, and None when all is done."""
    requests, answers = _private_streams()
    own = sys.path[0]
    # As with `-c`; the folder of this file is a place to import from, but not for programs.
    sys.path[:1] = ["", own]
    for module in modules:
        importlib.import_module(module)
    sys.path.remove(own)
    # What is here stays, in every fork: collecting garbage there need not touch, and so copy, all of it.
    gc.freeze()
    for line in requests:
        request: dict[str, Any] = json.loads(line)
        _check_threads()
        is_over, is_alive = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(is_over)
            requests.close()
            answers.close()
            _become(request)
            return str(request["program"])
        os.close(is_alive)
        answers.write(json.dumps(_ended(child, is_over, requests, request["timeout_s"])) + "\n")
        answers.flush()
        os.close(is_over)
    return None


def _private_streams() -> tuple[BinaryIO, TextIO]:
    """The two streams of requests and answers, out of the way of what is printed here and in forks."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _check_threads() -> None:
    """A fork has only the thread that forked: a lock that another one held would stay shut in it."""
    count = len(list(_THREADS.iterdir())) if _THREADS.exists() else threading.active_count()
    if count != 1:
        raise RuntimeError(f"{count} threads run: {threading.enumerate()} and those of native libraries")


def _become(request: dict[str, Any]) -> None:
    """Makes this fork what a fresh start with `-c` would be."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        output = os.open(request[name], os.O_WRONLY | os.O_APPEND)
        os.dup2(output, number)
        os.close(output)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv[:] = ["-c"]


def _ended(child: int, is_over: int, requests: BinaryIO, timeout_s: float) -> dict[str, Any]:
    """Waits for a fork and says how it ended; one that outlives its time, or the tests, is killed.

    The other end of `is_over` is the fork's alone. Nothing is asked meanwhile: that requests can be read
    means that they have ended.
    """
    ready, _, _ = select.select([is_over, requests.fileno()], [], [], timeout_s)
    if is_over not in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {"returncode": os.waitstatus_to_exitcode(status), "is_late": not ready}


def _run(program: str) -> None:
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __loader__=BuiltinImporter)
    sys.modules["__main__"] = main
    exec(compile(program, "<string>", "exec"), main.__dict__)  # noqa: S102 - the tests' own program


if __name__ == "__main__":
    # A program is run here, with nothing of the loop around it: its fork ends as every interpreter does, with
    # its exit code or traceback, after its threads and what it left to be done at exit.
    wanted = serve(sys.argv[1:])
    if wanted is not None:
        _run(wanted)
