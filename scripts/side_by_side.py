"""Runs commands beside each other and prints each one's output whole when it ends: tests mostly wait.

What runs in one process, and in which order, is written down and not found out while running, so that a test
meets the same neighbours every time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from bootstrap import ROOT

# pytest's: it found no test, as where an argument chooses tests of another part.
NO_TESTS = 5


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        seconds: by the clock.
        cpu_s: processor time of it and of those that it waited for.
    """

    name: str
    code: int
    output: str
    seconds: float
    cpu_s: float


Work = Callable[[], Ended]


def command(
    name: str, arguments: Sequence[str | Path], cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Ended:
    """Runs a command; what it writes to both outputs is kept in its order."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [str(part) for part in arguments], cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    seconds = time.monotonic() - began
    return Ended(name, process.returncode, text, seconds, usage.ru_utime + usage.ru_stime)


def side_by_side(works: Mapping[str, Work]) -> list[Ended]:
    """Does all of it, the first first, one more at once than there are processors; prints as each ends.

    Returns:
        How each ended, in the order in which they did.
    """
    print(f"Running beside each other: {', '.join(works)}", flush=True)
    ended: list[Ended] = []
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        running = [pool.submit(work) for work in works.values()]
        for future in as_completed(running):
            done = future.result()
            ended.append(done)
            spent = f"{done.seconds:.0f} s, {done.cpu_s:.0f} s of a processor"
            print(f"== {done.name}, exit {done.code} after {spent}\n{done.output}", flush=True)
    return ended


def exit_code(ended: Sequence[Ended], *, may_be_empty: bool = False) -> int:
    """1 if any failed, else 0. Says which failed, since much stands after it.

    Args:
        ended: how each ended.
        may_be_empty: whether a part may find no test as long as another does: where tests were chosen.
    """
    is_excused = may_be_empty and any(done.code != NO_TESTS for done in ended)
    failed = [done.name for done in ended if done.code and not (is_excused and done.code == NO_TESTS)]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))
