"""Runs the SDK's tests against other versions of its peers: the oldest botocore, and aiobotocore's.

Each has an environment of its own with locked distributions. `make test` runs the newest botocore.
"""

from __future__ import annotations

from bootstrap import ENVIRONMENTS, ROOT, locked_environment, run

# What each environment adds to the tests of the newest botocore.
SUITES = {
    "oldest": ["sdk/tests/bedrock", "sdk/tests/conformance", "sdk/tests/tracing"],
    # aioboto3 and the aiobotocore that it takes, which is far from the newest.
    "aio": ["sdk/tests/aio", "sdk/tests/bedrock", "sdk/tests/conformance"],
    # The newest botocore has been walked through boto3 already.
    "aio-newest": ["sdk/tests/aio", "sdk/tests/conformance", "-k", "not boto3"],
}


def main() -> None:
    """Runs each suite; a failure ends this."""
    for name, arguments in SUITES.items():
        python = locked_environment(name)
        # The checkout itself, without installing it: its entry points are named by hand.
        site = next((ENVIRONMENTS / name).glob("lib/python*/site-packages"))
        (site / "checkout.pth").write_text(f"{ROOT / 'sdk' / 'src'}\n")
        run(
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "outcrop.testing.pytest_plugin",
            *arguments,
        )
        print(f"The SDK passes with the locked group {name}.", flush=True)


if __name__ == "__main__":
    main()
