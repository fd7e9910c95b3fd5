"""What does tracing add to one Bedrock call, in instructions and cycles, where no machine is quiet?

Valgrind's cachegrind runs the same program with few and with many calls; the difference is what calls take,
whatever else the machine does. Cycles are estimated: instructions, 10 for each miss of a first cache (32 KB),
100 for each of the last (1 MB). The kernel's own work is not in it.
Needs valgrind, and minutes for each scenario.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from added_cpu_per_call import SCENARIOS

FEW, MANY = 20, 60
_PROGRAM = """
import logging, sys
sys.path.insert(0, {folder!r})
import _call_under_test as under_test
logging.disable(logging.CRITICAL)
subject, scenario, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
finish = lambda: None
if subject != "untraced":
    turn_on, finish, _ = under_test.switch(subject)
    turn_on()
call = under_test.make_call(under_test.make_client(scenario), scenario)
for _ in range(count):
    call()
finish()
"""
_CACHES = ("--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64")


def run(subject: str, scenario: str, count: int) -> tuple[int, int]:
    """Instructions and cycles of a process that makes so many calls."""
    program = _PROGRAM.format(folder=str(Path(__file__).parent))
    command = [
        *("valgrind", "--tool=cachegrind", "--cache-sim=yes", *_CACHES, "--cachegrind-out-file=/dev/null"),
        *(sys.executable, "-c", program, subject, scenario, str(count)),
    ]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stderr  # noqa: S603
    found = [
        int(re.findall(rf"{name}:\s+([\d,]+)", told)[0].replace(",", ""))
        for name in ("I *refs", "I1 *misses", "D1 *misses", "LL misses")
    ]
    instructions, first, data, last = found
    return instructions, instructions + 10 * (first + data) + 100 * last


def per_call(subject: str, scenario: str) -> tuple[float, float]:
    """Instructions and cycles of one call."""
    few, many = run(subject, scenario, FEW), run(subject, scenario, MANY)
    instructions, cycles = ((more - less) / (MANY - FEW) for less, more in zip(few, many, strict=True))
    return instructions, cycles


def main() -> None:
    """Prints what is added, and its ratio to the floor's."""
    for scenario in sys.argv[1:] or SCENARIOS:
        plain = per_call("untraced", scenario)
        added = {
            subject: [traced - bare for traced, bare in zip(per_call(subject, scenario), plain, strict=True)]
            for subject in ("floor", "outcrop")
        }
        for place, unit in enumerate(("instructions", "cycles")):
            ours, floor = added["outcrop"][place], added["floor"][place]
            print(
                f"{scenario}: {unit} outcrop +{ours:,.0f}  floor +{floor:,.0f}  ratio {ours / floor:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
