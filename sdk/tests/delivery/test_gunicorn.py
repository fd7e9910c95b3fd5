"""A real gunicorn: workers forked after tracing began deliver their spans, also when SIGTERM ends them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from outcrop.testing import BedrockEmulator
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import came_from, environment

pytest.importorskip("gunicorn", reason="gunicorn is not installed in this environment")

# Each worker answers one request and is then ended by SIGTERM: so each request has a worker of its own.
APP = """
import os, signal, boto3, outcrop
outcrop.bedrock.autolog()

def app(environ, start_response):
    client = boto3.client("bedrock-runtime")
    client.converse(modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    os.kill(os.getpid(), signal.SIGTERM)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@contextmanager
def _gunicorn(folder: Path, env: dict[str, str], *options: str) -> Generator[str, None, None]:
    """Runs gunicorn in a folder; gives its address, and sees that SIGTERM ends it well."""
    command = [
        sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "2", "--no-control-socket",
        "--worker-tmp-dir", str(folder), *options, "program:app",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own program
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        found = next(match for line in lines if (match := re.search(r"Listening at: (\S+)", line)))
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.parametrize("options", [["--preload"], []], ids=["preloaded", "loaded by each worker"])
def test_each_worker_delivers_its_spans_before_sigterm_ends_it(
    options: list[str], bedrock_emulator: BedrockEmulator, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(APP)
    with Collector() as collector:
        env = environment(
            collector,
            tmp_path,
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock_emulator.endpoint_url,
            AWS_ACCESS_KEY_ID="made-up",
            AWS_SECRET_ACCESS_KEY="made-up",
            AWS_DEFAULT_REGION="us-east-1",
        )
        with _gunicorn(tmp_path, env, *options) as url:
            pids: list[int] = []
            for _ in range(3):
                with urlopen(url, timeout=120) as response:  # noqa: S310  # our own server
                    pids.append(int(response.read()))
        assert len(set(pids)) == 3
        assert os.getpid() not in pids
        assert [span.name for span in collector.spans] == ["chat amazon.nova-lite-v1:0"] * 3
        assert all(came_from(collector, pid) for pid in pids)
