"""Runs the SDK's tests against other versions of its peers: the oldest botocore, and aiobotocore's.

Each has an environment of its own with locked distributions. `make test` runs the newest botocore.
"""

from __future__ import annotations

import sys
from functools import partial

from bootstrap import ENVIRONMENTS, ROOT, locked_environment
from side_by_side import Ended, command, exit_code, side_by_side

# What each environment adds to the tests of the newest botocore.
SUITES = {
    "oldest": ["sdk/tests/bedrock", "sdk/tests/conformance", "sdk/tests/tracing"],
    # aioboto3 and the aiobotocore that it takes, which is far from the newest.
    "aio": ["sdk/tests/aio", "sdk/tests/bedrock", "sdk/tests/conformance"],
    # The newest botocore has been walked through boto3 already.
    "aio-newest": ["sdk/tests/aio", "sdk/tests/conformance", "-k", "not boto3"],
}


def suite(name: str) -> Ended:
    """One suite in its own environment."""
    python = locked_environment(name)
    # The checkout itself, without installing it: its entry points are named by hand.
    site = next((ENVIRONMENTS / name).glob("lib/python*/site-packages"))
    (site / "checkout.pth").write_text(f"{ROOT / 'sdk' / 'src'}\n")
    options = ["-q", "-p", "no:cacheprovider", "-p", "outcrop.testing.pytest_plugin"]
    return command(f"the SDK with the locked group {name}", [python, "-m", "pytest", *options, *SUITES[name]])


def main() -> int:
    """Runs the suites beside each other; gives the exit code."""
    return exit_code(side_by_side({name: partial(suite, name) for name in SUITES}))


if __name__ == "__main__":
    sys.exit(main())
