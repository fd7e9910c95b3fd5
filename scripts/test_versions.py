"""Runs tests beside what programs may have: the oldest botocore, aiobotocore, libraries of tables, MLflow.

Each has an environment of its own with locked distributions. `make test` runs the newest botocore, and no
numpy, pandas or pyarrow. MLflow is never in one environment with Outcrop: its client and server are programs
that the tests speak with.
"""

from __future__ import annotations

import sys
from functools import partial

from bootstrap import ENVIRONMENTS, ROOT, locked_environment
from side_by_side import Ended, Work, command, exit_code, side_by_side

# What each environment adds to the tests of the newest botocore.
SUITES = {
    "oldest": ["sdk/tests/bedrock", "sdk/tests/conformance", "sdk/tests/tracing"],
    # aioboto3 and the aiobotocore that it takes, which is far from the newest.
    "aio": ["sdk/tests/aio"],
    # The newest botocore has been walked through boto3 already.
    "aio-newest": ["sdk/tests/aio", "sdk/tests/conformance", "-k", "not boto3"],
    # Arrays and frames as arguments, traces as a frame, Parquet files.
    "tables": [
        "sdk/tests/capture",
        "sdk/tests/tracing/test_judging.py",
        "server/tests/api/test_export_api.py",
    ],
}


def suite(name: str) -> Ended:
    """One suite in its own environment."""
    python = locked_environment(name)
    # The checkout itself, without installing it: its entry points are named by hand.
    site = next((ENVIRONMENTS / name).glob("lib/python*/site-packages"))
    sources = [ROOT / "sdk" / "src", *([ROOT / "server" / "src"] if name == "tables" else [])]
    (site / "checkout.pth").write_text("".join(f"{path}\n" for path in sources))
    options = ["-q", "--durations=10", "-p", "no:cacheprovider", "-p", "outcrop.testing.pytest_plugin"]
    return command(f"with the locked group {name}", [python, "-m", "pytest", *options, *SUITES[name]])


def mlflow() -> Ended:
    """The tests with MLflow's own client and server."""
    for name in ("mlflow", "mlflow-oldest"):
        locked_environment(name)
    return command(
        "with MLflow",
        [sys.executable, "-m", "pytest", "-q", "--durations=10", "-p", "no:cacheprovider", "tests/mlflow"],
    )


def works() -> dict[str, Work]:
    """What runs each suite, the longest first."""
    return {"mlflow": mlflow, **{name: partial(suite, name) for name in SUITES}}


def main() -> int:
    """Runs the suites beside each other; gives the exit code."""
    return exit_code(side_by_side(works()))


if __name__ == "__main__":
    sys.exit(main())
