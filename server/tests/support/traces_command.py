"""The command `outcrop traces` as a process, and traces for it to show."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from typing import Any

from outcrop.semconv import outcrop_attributes as names
from outcrop_server.model.rows import Status
from outcrop_server.serve import BackgroundServer
from server.tests.support.spans import START_NS, otlp_span, request

_CODE = "import sys; from outcrop.launch.command import main; sys.exit(main())"
COMMAND = [sys.executable, "-W", "error", "-c", _CODE]
MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
MILLISECOND_NS = 10**6


def an_id(number: int) -> bytes:
    """Trace ids that differ in their first digits, as real ones do."""
    return number.to_bytes(2, "big") + bytes(14)


def an_agent(number: int, *, name: str = "agent", is_error: bool = False) -> bytes:
    """A trace of two spans that begins `number` seconds after START_NS."""
    start_ns = START_NS + number * 1000 * MILLISECOND_NS
    times = {"start_time_unix_nano": start_ns, "end_time_unix_nano": start_ns + 900 * MILLISECOND_NS}
    status: Status = "ERROR" if is_error else "OK"
    asked = {names.INPUTS: "東京の天気は?"}
    root = otlp_span(
        1,
        trace=an_id(number),
        name=name,
        status=status,
        attributes=asked,
        **times,
    )
    if is_error:
        root.status.message = "it\x1b[2Jbroke"
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": MODEL,
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.output_tokens": 34,
    }
    child = otlp_span(2, 1, trace=an_id(number), name="chat", status="OK", attributes=call, **times)
    return request(root, child, resource={"outcrop.experiment.name": f"/Shared/{number % 2}"})


def environment(server: BackgroundServer) -> dict[str, str]:
    return {**os.environ, "OUTCROP_TRACKING_URI": server.url, "TZ": "UTC", "PYTHONIOENCODING": "utf-8"}


def traces(server: BackgroundServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own command
        [*COMMAND, "traces", *arguments],
        env=environment(server),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def in_a_terminal(
    server: BackgroundServer, columns: int, *arguments: str, with_errors: bool = False, **variables: str
) -> list[str]:
    """What the command writes to a terminal of so many columns, line by line."""
    ours, theirs = pty.openpty()
    given = {**environment(server), "COLUMNS": str(columns), "TERM": "xterm", **variables}
    done = subprocess.run(  # noqa: S603  # our own command
        [*COMMAND, "traces", *arguments],
        env=given,
        stdout=theirs,
        stderr=theirs if with_errors else None,
        timeout=120,
        check=False,
    )
    os.close(theirs)
    written_bytes = bytearray()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's word for an end that is closed
            piece = b""
        if not piece:
            break
        written_bytes += piece
    os.close(ours)
    assert done.returncode == 0
    return written_bytes.decode().replace("\r\n", "\n").rstrip("\n").split("\n")


def plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9]+m", "", line)


def objects(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def ids(output: str) -> list[int]:
    return [int(line["info"]["trace_id"][:4], 16) for line in objects(output)]
