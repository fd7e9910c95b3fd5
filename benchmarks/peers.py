"""How does the added CPU compare with other tracers? Each in its own environment, as ratios to the floor.

None of them but MLflow keeps a stream's chunks, and none keeps the wire.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _peers import PACKAGES
from added_cpu_per_call import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
COMMON = ("boto3", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-common")


def environment(name: str, packages: Sequence[str] | None = None) -> Path:
    """The peer's environment with these packages (its own by default), made when it is missing.

    Returns:
        Its Python.
    """
    folder = ROOT / ".venvs" / f"peer-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        uv = ROOT / ".make" / "bin" / "uv"
        wanted = [*PACKAGES.get(name, ()), *COMMON] if packages is None else packages
        for arguments in (
            ["venv", "--quiet", "--python", sys.executable, str(folder)],
            ["pip", "install", "--quiet", "--prerelease=allow", "--python", str(python), *wanted],
        ):
            subprocess.run([str(uv), *arguments], check=True)  # noqa: S603
    return python


def measure(name: str, python: Path, scenario: str) -> dict[str, Any] | None:
    """Added microseconds a call, of the peer, of ours and of the floor in one process; None if it fails."""
    program = str(Path(__file__).with_name("_call_under_test.py"))
    command = [str(python), program, "floor", "outcrop", name, scenario]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603
    if done.returncode:
        print(f"  {name} failed: {done.stderr.strip().splitlines()[-1][:150]}", file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Prints a table a scenario: what is added in all, and its ratio to the floor's in the same process."""
    pythons = {name: environment(name) for name in PACKAGES}
    for scenario in SCENARIOS:
        print(scenario, flush=True)
        for name, python in pythons.items():
            found = measure(name, python, scenario)
            if found is not None:
                floor, ours, theirs = (found[subject][0] for subject in ("floor", "outcrop", name))
                print(
                    f"  {name:14} +{theirs:8.1f} us, {theirs / floor:6.2f} of the floor"
                    f"   (floor +{floor:.1f}, outcrop +{ours:.1f}, {ours / floor:.2f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
