"""Runs the benchmarks, all or those that are named, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
QUESTIONS = (
    "added_cpu_per_call",
    "beside_mlflow_server",
    "grpc_against_http",
    "import_cost",
    "ingest_rate",
    "memory_growth",
    "million_spans",
    "page_speed",
    "peers",
    "queue_memory",
    "removing_days",
    "trace_cost",
)
# By name alone: they need an hour, other programs, or a client of another environment.
OTHERS = ("cycles_per_call", "engines_beside", "mlflow_client_into_servers")


def main() -> None:
    """Runs them; a name that is none ends with those that are."""
    named = sys.argv[1:] or list(QUESTIONS)
    known = (*QUESTIONS, *OTHERS)
    unknown = [name for name in named if name not in known]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: none of {', '.join(known)}")
    for name in named:
        print(f"## {name}", flush=True)
        subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], check=True)  # noqa: S603
        print(flush=True)


if __name__ == "__main__":
    main()
