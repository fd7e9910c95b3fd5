"""What does tracing add to one Bedrock call? Microseconds of CPU, beside a hand-written floor.

Answers come from an in-process transport (botocore's `before-send`), so that no socket is measured.
Spans are dropped where an exporter would take them, or encoded as OTLP (`+otlp`). Ours and the floor run
in turn in one process, in short blocks; the ratio is of their medians, and the process is repeated.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

ROUNDS = 5
PAIRS = 40
SUBJECTS = ("outcrop", "floor")
# Calls in a block.
SCENARIOS = {"converse": 60, "converse 20 KB": 40, "stream 200": 16, "invoke_model": 60}
CLOCKS = ("all", "thread")


def child(scenario: str, suffix: str) -> dict[str, Any]:
    """Runs both in a fresh process; gives added microseconds a call."""
    program = __file__.replace("added_cpu_per_call", "_call_under_test")
    command = [sys.executable, program, *(subject + suffix for subject in SUBJECTS), scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measures every scenario, or those named as arguments: medians, with ratios to the floor."""
    for scenario in sys.argv[1:] or SCENARIOS:
        for suffix in ("", "+otlp"):
            rounds = [child(scenario, suffix) for _ in range(ROUNDS)]
            if not suffix:
                base = statistics.median(found["untraced"] for found in rounds)
                print(f"{scenario}: untraced {base:.0f} us", flush=True)
            for place, clock in enumerate(CLOCKS):
                ours, floor = (
                    statistics.median(found[subject + suffix][place] for found in rounds)
                    for subject in SUBJECTS
                )
                ratios = [
                    found["outcrop" + suffix][place] / found["floor" + suffix][place] for found in rounds
                ]
                print(
                    f"  {clock + suffix:12} outcrop +{ours:6.1f}  floor +{floor:6.1f}  "
                    f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
