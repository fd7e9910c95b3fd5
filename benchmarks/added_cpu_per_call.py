"""What does tracing add to one Bedrock call? Microseconds of CPU, beside a hand-written floor.

Answers come from an in-process transport (botocore's `before-send`), so that no socket is measured.
Spans are dropped where an exporter would take them, or encoded as OTLP (`+otlp`). Ours and the floor run
in turn in one process, in short blocks; the ratio is of what they add, and the process is repeated.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

ROUNDS = 3
PAIRS = 40
SUBJECTS = ("outcrop", "floor")
# Calls in a block.
SCENARIOS = {"converse": 60, "converse 20 KB": 40, "stream 200": 16, "invoke_model": 60}
CLOCKS = ("all", "thread")
# How what is added is told: see _call_under_test._summary.
WAYS = ("pairs", "deciles")


def child(scenario: str, suffix: str) -> dict[str, Any]:
    """Runs both in a fresh process; gives added microseconds a call."""
    program = __file__.replace("added_cpu_per_call", "_call_under_test")
    command = [sys.executable, program, *(subject + suffix for subject in SUBJECTS), scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measures every scenario, or those named as arguments: medians, and ratios to the floor."""
    for scenario in sys.argv[1:] or SCENARIOS:
        for suffix in ("", "+otlp"):
            rounds = [child(scenario, suffix) for _ in range(ROUNDS)]
            if not suffix:
                base = statistics.median(found["untraced"] for found in rounds)
                print(f"{scenario}: untraced {base:.0f} us", flush=True)
            for place, clock in enumerate(CLOCKS):
                for way in WAYS:
                    _report(
                        clock + suffix,
                        way,
                        *(_column(rounds, name + suffix, way, place) for name in SUBJECTS),
                    )


def _column(rounds: list[dict[str, Any]], subject: str, way: str, place: int) -> list[float]:
    return [found[subject][way][place] for found in rounds]


def _report(clock: str, way: str, ours: list[float], floor: list[float]) -> None:
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    print(
        f"  {clock:12} {way:8} "
        f"outcrop +{statistics.median(ours):6.1f}  floor +{statistics.median(floor):6.1f}  "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
