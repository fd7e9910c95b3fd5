"""Runs commands beside each other and prints each one's output whole when it ends: tests mostly wait.

What runs in one process, and in which order, is written down and not found out while running, so that a test
meets the same neighbours every time.
"""

from __future__ import annotations

import os
import subprocess
import sys
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
    """How a command ended."""

    name: str
    code: int
    output: str
    seconds: float


Work = Callable[[], Ended]


def command(
    name: str, arguments: Sequence[str | Path], cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Ended:
    """Runs a command; what it writes to both outputs is kept in its order."""
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        [str(part) for part in arguments],
        cwd=cwd,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return Ended(name, done.returncode, done.stdout, time.monotonic() - began)


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
            print(f"== {done.name}, exit {done.code} after {done.seconds:.0f} s\n{done.output}", flush=True)
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
