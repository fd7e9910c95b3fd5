"""Runs the SDK's tests against other versions of its peers: the oldest botocore, and aiobotocore.

Each has an environment of its own with locked distributions. `make test` runs the newest botocore.
"""

from __future__ import annotations

from bootstrap import ENVIRONMENTS, ROOT, locked_environment, run

# What each environment adds to the tests of the newest botocore.
SUITES = {
    "oldest": ["sdk/tests/bedrock", "sdk/tests/conformance", "sdk/tests/tracing"],
    "aio": ["sdk/tests/aio", "sdk/tests/bedrock"],
}


def main() -> None:
    """Runs each suite; a failure ends this."""
    for name, paths in SUITES.items():
        python = locked_environment(name)
        # The checkout itself, without installing it: its entry points are named by hand.
        site = next((ENVIRONMENTS / name).glob("lib/python*/site-packages"))
        (site / "checkout.pth").write_text(f"{ROOT / 'sdk' / 'src'}\n")
        existing = [path for path in paths if (ROOT / path).is_dir()]
        run(
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "outcrop.testing.pytest_plugin",
            *existing,
        )
        print(f"The SDK passes with the locked group {name}.", flush=True)


if __name__ == "__main__":
    main()
