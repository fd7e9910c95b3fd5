"""How does the added CPU compare with other tracers? Each in its own environment, as ratios to the floor.

None of them but MLflow keeps a stream's chunks, and none keeps the wire.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from _peers import PACKAGES
from added_cpu_per_call import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 2
COMMON = ("boto3", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-common")


def environment(name: str) -> Path:
    """The peer's environment, made when it is missing; gives its Python."""
    folder = ROOT / ".venvs" / f"peer-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        uv = ROOT / ".make" / "bin" / "uv"
        packages = [*PACKAGES.get(name, ()), *COMMON]
        for arguments in (
            ["venv", "--quiet", "--python", sys.executable, str(folder)],
            ["pip", "install", "--quiet", "--prerelease=allow", "--python", str(python), *packages],
        ):
            subprocess.run([str(uv), *arguments], check=True)  # noqa: S603
    return python


def measure(python: Path, subject: str, scenario: str) -> dict[str, float] | None:
    """Added microseconds a call; None if the peer fails under this load."""
    command = [str(python), str(Path(__file__).with_name("_call_under_test.py")), subject, scenario]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603
    if done.returncode:
        print(f"  {subject} failed: {done.stderr.strip().splitlines()[-1][:150]}", file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _median(rounds: list[dict[str, dict[str, float] | None]], name: str) -> float | None:
    found = [measured["all"] for each in rounds if (measured := each[name]) is not None]
    return statistics.median(found) if found else None


def main() -> None:
    """Prints a table a scenario."""
    subjects = ["floor", "outcrop", *PACKAGES]
    pythons = {name: environment(name) for name in subjects}
    for scenario in SCENARIOS:
        print(scenario, flush=True)
        rounds = [{name: measure(pythons[name], name, scenario) for name in subjects} for _ in range(ROUNDS)]
        added = {name: _median(rounds, name) for name in subjects}
        floor = added["floor"] or float("nan")
        for name, value in added.items():
            if value is not None:
                print(f"  {name:14} +{value:8.1f} us  ratio to the floor {value / floor:6.2f}", flush=True)


if __name__ == "__main__":
    main()
