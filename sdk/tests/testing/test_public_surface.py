"""What users import, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import outcrop.testing
from outcrop.testing import BedrockEmulator, Reply


def test_the_public_names_are_sorted_and_exist() -> None:
    names = outcrop.testing.__all__

    assert names == sorted(names)
    assert all(hasattr(outcrop.testing, name) for name in names)


def test_the_fixture_is_a_fresh_started_emulator(bedrock_emulator: BedrockEmulator) -> None:
    assert bedrock_emulator.endpoint_url.startswith("http://127.0.0.1:")
    assert bedrock_emulator.requests == []
    assert bedrock_emulator.default_chunk_delay_s == 0.0


def test_the_pytest_plugin_imports_neither_a_server_nor_an_aws_library() -> None:
    heavy = ["boto3", "botocore", "http.server", "socketserver", "urllib3"]
    program = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import outcrop.testing.pytest_plugin\n"
        f"print(sorted((set(sys.modules) - before) & set({heavy!r})))"
    )

    printed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )

    assert printed.stdout.strip() == "[]"


def test_replies_are_values() -> None:
    assert Reply("x", chunk_size=3) == Reply("x", chunk_size=3)
    assert Reply("x") != Reply("y")
    assert "blocks=(Text(text='x'),)" in repr(Reply("x"))
