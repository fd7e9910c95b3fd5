"""What does tracing add to one Bedrock call? Microseconds of CPU, beside a hand-written floor.

Answers come from an in-process transport (botocore's `before-send`), so that no socket is measured.
Spans are dropped where an exporter would take them, or encoded as OTLP (`+otlp`). Each subject runs in
processes of its own, in interleaved rounds; added cost is against the untraced run of the same round.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

ROUNDS = 7
SUBJECTS = ("none", "outcrop", "floor", "outcrop+otlp", "floor+otlp")
SCENARIOS = {"converse": 1500, "converse 20 KB": 1000, "stream 200": 150, "invoke_model": 1500}


def child(subject: str, scenario: str) -> dict[str, float]:
    """Runs one subject in a fresh process; gives microseconds a call, in all and on the calling thread."""
    command = [sys.executable, __file__.replace("added_cpu_per_call", "_call_under_test"), subject, scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measures every scenario and prints a table of medians, with ratios to the floor."""
    for scenario in SCENARIOS:
        rounds: list[dict[str, Any]] = [
            {subject: child(subject, scenario) for subject in SUBJECTS} for _ in range(ROUNDS)
        ]
        print(f"{scenario}: untraced {statistics.median(r['none']['all'] for r in rounds):.0f} us")
        for suffix in ("", "+otlp"):
            for clock in ("all", "thread"):
                ours, floor = (_added(rounds, name + suffix, clock) for name in ("outcrop", "floor"))
                ratio = ours / floor if floor else float("nan")
                print(f"  {clock + suffix:12} outcrop +{ours:6.1f}  floor +{floor:6.1f}  ratio {ratio:.2f}")


def _added(rounds: list[dict[str, Any]], subject: str, clock: str) -> float:
    return statistics.median(each[subject][clock] - each["none"][clock] for each in rounds)


if __name__ == "__main__":
    main()
