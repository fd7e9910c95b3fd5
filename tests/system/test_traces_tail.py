"""`outcrop traces tail` as a process: what it writes, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from outcrop_server.serve import BackgroundServer
from server.tests.support.http import ask, send
from server.tests.support.traces_command import COMMAND, an_agent, an_id, environment, ids, objects

# Whoever runs the tests in the background of a shell has Ctrl-C switched off, for what the tests start too.
_INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@contextmanager
def tailing(server: BackgroundServer, *arguments: str) -> Generator[subprocess.Popen[str], None, None]:
    command = [
        *COMMAND[:-1],
        _INTERRUPTIBLE + COMMAND[-1],
        "traces",
        "tail",
        "--interval",
        "0.01",
        *arguments,
    ]
    with subprocess.Popen(  # noqa: S603  # our own command
        command, env=environment(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def next_of(process: subprocess.Popen[str]) -> int:
    return ids(line_of(process))[0]


def test_tail_gives_each_new_trace_once_until_it_is_interrupted(server: BackgroundServer) -> None:
    for number in (1, 2, 3):
        send(server.url, an_agent(number))
    with tailing(server, "--json", "--last", "2") as process:
        assert [next_of(process), next_of(process)] == [2, 3]
        send(server.url, an_agent(5))
        assert next_of(process) == 5
        # It ended before the others did, but came after them.
        send(server.url, an_agent(4))
        assert next_of(process) == 4
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output, errors) == (130, "", "")


def test_tail_holds_to_filter_and_experiment(server: BackgroundServer) -> None:
    with tailing(server, "--json", "--filter", "status = 'ERROR'", "--experiment", "/Shared/1") as process:
        send(server.url, an_agent(1))
        send(server.url, an_agent(2, is_error=True))
        send(server.url, an_agent(3, is_error=True))
        assert next_of(process) == 3


def test_a_line_is_what_a_search_says_of_the_trace(server: BackgroundServer) -> None:
    with tailing(server, "--json", "--last", "1") as process:
        send(server.url, an_agent(1))
        (told,) = objects(line_of(process))
    asked = json.dumps({"filter": f"trace_id = '{an_id(1).hex()}'"}).encode()
    headers = {"content-type": "application/json"}
    answer = ask(server.url, "/api/traces/search", method="POST", body=asked, headers=headers)
    assert [told] == answer.json["traces"]


def test_rows_of_a_tail_have_room_for_those_that_come(server: BackgroundServer) -> None:
    with tailing(server) as process:
        send(server.url, an_agent(1))
        title, row = line_of(process), line_of(process)
    assert title.split()[:4] == ["ID", "START", "NAME", "STATUS"]
    assert row.startswith(an_id(1).hex())
    assert title.index("TOKENS") + len("TOKENS") - title.index("DURATION") - len("DURATION") > 15


def test_a_wrong_filter_ends_it_at_once(server: BackgroundServer) -> None:
    with tailing(server, "--filter", "statsu = 'OK'") as process:
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, "Did you mean status?" in errors) == (2, True)
