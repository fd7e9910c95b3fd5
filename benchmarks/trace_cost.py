"""What does `@outcrop.trace` on an empty function cost? CPU microseconds a call, background work included.

And: what do 10,000 spans in one trace take? MLflow is measured beside it where `peers.py` has made its
environment. Each subject runs in processes of its own, in interleaved rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
TARGET_US = 40


def pythons() -> dict[str, str]:
    """The interpreter of each subject."""
    found = {"outcrop": sys.executable, "floor": sys.executable}
    peer = ROOT / ".venvs" / "peer-mlflow" / "bin" / "python"
    return {**found, "mlflow": str(peer)} if peer.exists() else found


def measure(python: str, subject: str) -> dict[str, float]:
    """One process."""
    command = [python, str(Path(__file__).with_name("_trace_under_test.py")), subject]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Prints medians."""
    subjects = pythons()
    rounds = [{name: measure(python, name) for name, python in subjects.items()} for _ in range(ROUNDS)]
    print(f"target: {TARGET_US} us a call in all")
    for name in subjects:
        median = {key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]}
        print(
            f"{name:8} +{median['all']:6.1f} us a call, +{median['thread']:6.1f} of it on its own thread; "
            f"10,000 spans in one trace: {median['one_trace_ms']:7.0f} ms of CPU, "
            f"{median['one_trace_mb']:+.1f} MB at most"
        )


if __name__ == "__main__":
    main()
