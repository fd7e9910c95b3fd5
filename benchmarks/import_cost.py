"""What does `import outcrop` add to a program that imports boto3? Milliseconds of CPU, paired runs."""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 15
PROGRAMS = {
    "boto3": "import boto3",
    "boto3 + outcrop": "import boto3, outcrop",
    "boto3 + opentelemetry.sdk.trace": "import boto3, opentelemetry.sdk.trace",
}


def cpu_ms(program: str) -> float:
    """CPU time of the imports in a fresh interpreter."""
    timed = f"import time\nstart = time.process_time()\n{program}\nprint(time.process_time() - start)"
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout) * 1000


def main() -> None:
    """Measures in rounds, so that a slow moment of the machine meets every program."""
    rounds = [{name: cpu_ms(program) for name, program in PROGRAMS.items()} for _ in range(ROUNDS)]
    base = statistics.median(each["boto3"] for each in rounds)
    print(f"boto3 alone: {base:.0f} ms")
    for name in list(PROGRAMS)[1:]:
        added = statistics.median(each[name] - each["boto3"] for each in rounds)
        print(f"{name}: +{added:.0f} ms ({added / base:.2f} of boto3)")


if __name__ == "__main__":
    main()
