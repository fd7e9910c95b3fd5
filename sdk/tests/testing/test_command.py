"""The command, run as users run it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from outcrop.testing import BedrockEmulator
from outcrop.testing.command import main


@contextlib.contextmanager
def _running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-m", "outcrop.testing", "--port", "0", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _first_lines(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    return process.stdout.readline().strip(), process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_it_prints_what_to_paste_serves_the_script_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"meta.llama": ["from the file"]}))

    with _running("--script", str(script)) as process:
        first, second = _first_lines(process)
        address = first.removeprefix("Bedrock emulator at ")
        assert second == f"export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={address}"
        # The stubs know only the services whose types are installed.
        client = cast(Any, boto3).client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=address,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        answer = client.converse(
            modelId="meta.llama", messages=[{"role": "user", "content": [{"text": "Hello"}]}]
        )
        client.close()
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)

    assert answer["output"]["message"]["content"] == [{"text": "from the file"}]
    assert process.returncode == 0
    assert errors == ""


def test_a_port_in_use_is_said_plainly(
    bedrock_emulator: BedrockEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    port = bedrock_emulator.endpoint_url.rpartition(":")[2]

    assert main(["--port", port]) == 2
    assert f"Port {port} on 127.0.0.1 is already in use" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_cannot_exist_is_said_plainly(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", port]) == 2
    assert "Choose another with --port" in capsys.readouterr().err


def test_a_missing_script_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--script", str(tmp_path / "none.json")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"m": [{"txt": "x"}]}', "m[0]: expected a string or an object with one of"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_wrong_script_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    script = tmp_path / "script.json"
    script.write_bytes(content)

    assert main(["--script", str(script)]) == 2
    assert words in capsys.readouterr().err


def test_help_tells_the_script_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    assert '"toolUse"' in capsys.readouterr().out
