"""What does tracing add to one Bedrock call? Microseconds of CPU, beside a hand-written floor.

Answers come from an in-process transport (botocore's `before-send`), so that no socket is measured.
Spans are dropped where an exporter would take them, or encoded as OTLP (`+otlp`). Each subject runs in
processes of its own that pair short untraced and traced blocks; rounds of processes are interleaved.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

ROUNDS = 4
PAIRS = 24
SUBJECTS = ("outcrop", "floor", "outcrop+otlp", "floor+otlp")
# Calls in a block.
SCENARIOS = {"converse": 60, "converse 20 KB": 40, "stream 200": 16, "invoke_model": 60}


def child(subject: str, scenario: str) -> dict[str, float]:
    """Runs one subject in a fresh process; gives added microseconds a call."""
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
        base = statistics.median(each["outcrop"]["untraced"] for each in rounds)
        print(f"{scenario}: untraced {base:.0f} us", flush=True)
        for suffix in ("", "+otlp"):
            for clock in ("all", "thread"):
                ours, floor = (
                    statistics.median(each[name + suffix][clock] for each in rounds)
                    for name in ("outcrop", "floor")
                )
                ratio = ours / floor
                print(f"  {clock + suffix:12} outcrop +{ours:6.1f}  floor +{floor:6.1f}  ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
