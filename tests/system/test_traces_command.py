"""`outcrop traces list`, `search` and `show` as a process, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

from outcrop.semconv import outcrop_attributes as names
from outcrop.terminal.cells import width
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import send
from server.tests.support.spans import START_NS, otlp_span, request, trace_id
from server.tests.support.traces_command import (
    MODEL,
    an_id,
    environment,
    ids,
    in_a_terminal,
    objects,
    plain,
    traces,
)


def test_the_list_has_the_newest_first_with_their_numbers(filled: BackgroundServer) -> None:
    done = traces(filled, "list")
    assert (done.returncode, done.stderr) == (0, "")
    titles, *rows = done.stdout.splitlines()
    assert "ID START NAME STATUS DURATION TOKENS COST MODEL" in " ".join(titles.split())
    assert [row.split()[0] for row in rows] == [an_id(number).hex() for number in (5, 4, 3, 2, 1)]
    assert "2023-11-14 22:13:25  agent" in rows[0]
    assert f"OK        900 ms  1,200 → 34  $0.0041  {MODEL}" in rows[0]
    assert "東京の天気は?" in rows[0]
    # What went wrong stands there instead, and cannot wipe the terminal.
    assert "it\ufffd[2Jbroke" in rows[2]


def test_filter_experiment_order_limit_and_paging(filled: BackgroundServer) -> None:
    assert ids(traces(filled, "search", "status = 'ERROR'", "--json").stdout) == [3]
    assert ids(traces(filled, "list", "--filter", "name LIKE '天気%'", "--json").stdout) == [2]
    assert ids(traces(filled, "list", "--experiment", "/Shared/0", "--json").stdout) == [4, 2]
    first = traces(filled, "list", "--order-by", "timestamp ASC", "--limit", "2", "--json")
    assert ids(first.stdout) == [1, 2]
    token = re.search(r"--page-token (\S+),", first.stderr)
    assert token is not None
    rest = traces(filled, "list", "--order-by", "timestamp ASC", "--all", "--page-token", token[1], "--json")
    assert (ids(rest.stdout), rest.stderr) == ([3, 4, 5], "")


def test_a_wrong_filter_is_shown_with_its_place(filled: BackgroundServer) -> None:
    done = traces(filled, "search", "name = 'x' AND statsu = 'OK'")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean status?" in done.stderr
    assert "\n  name = 'x' AND statsu = 'OK'\n                 ^\n" in done.stderr


def test_columns_align_in_cells_and_fit_the_terminal(filled: BackgroundServer) -> None:
    for columns in (40, 55, 80, 120, 200):
        lines = [plain(line) for line in in_a_terminal(filled, columns, "list")]
        assert max(map(width, lines)) <= columns
        # In cells, the status stands below its title in every row, behind Japanese names too.
        words = ("STATUS", "OK ", "ERROR ")
        begins = {width(line[: line.index(word)]) for line in lines for word in words if word in line}
        assert len(begins) == 1


def test_colours_are_for_terminals_that_want_them(filled: BackgroundServer) -> None:
    assert any("\x1b[31m" in line for line in in_a_terminal(filled, 120, "list"))
    assert not any("\x1b" in line for line in in_a_terminal(filled, 120, "list", "--no-color"))
    assert not any("\x1b" in line for line in in_a_terminal(filled, 120, "list", NO_COLOR="1"))
    assert "\x1b" not in traces(filled, "list").stdout


def test_in_a_very_narrow_terminal_no_line_is_wider(filled: BackgroundServer) -> None:
    for columns in (5, 15, 25):
        for arguments in (["list"], ["show", "0002"]):
            lines = [plain(line) for line in in_a_terminal(filled, columns, *arguments)]
            # What stands above a tree is whole.
            shown = lines if arguments[0] == "list" else lines[lines.index("") :]
            assert max(map(width, shown)) <= columns


def test_what_later_pages_have_is_not_cut_where_there_is_no_terminal(server: BackgroundServer) -> None:
    for number in range(1, 202):
        name = "agent" if number > 1 else "a" * 250
        send(
            server.url,
            request(otlp_span(1, trace=an_id(number), name=name, start_time_unix_nano=START_NS + number)),
        )
    rows = traces(server, "list", "--all", "--order-by", "timestamp DESC").stdout.splitlines()
    assert (len(rows), "a" * 250 in rows[-1], any("…" in row for row in rows)) == (202, True, False)


def test_nothing_found_is_said(server: BackgroundServer) -> None:
    done = traces(server, "list")
    assert (done.stdout, done.stderr, done.returncode) == ("", "There are no such traces.\n", 0)
    done = traces(server, "list", "--json")
    assert (done.stdout, done.stderr) == ("", "")


def test_json_holds_nothing_that_a_terminal_obeys(server: BackgroundServer) -> None:
    name = "x\x9b2J\u202e\x1b[0m天\u3000気"
    send(server.url, request(otlp_span(1, trace=an_id(1), name=name, attributes={names.INPUTS: name})))
    for arguments in (["list"], ["show", "0001"], ["show", "0001", "--span", "0"]):
        shown = "\n".join(in_a_terminal(server, 200, *arguments, "--json"))
        assert name in json.dumps(objects(shown), ensure_ascii=False).replace("\\u001b", "\x1b")
        assert not {"\x9b", "\x1b", "\u202e"} & set(shown)
        plainly = traces(server, *arguments).stdout
        assert not {"\x9b", "\x1b", "\u202e"} & set(plainly)


def test_a_trace_that_still_runs_is_said_to(server: BackgroundServer) -> None:
    now_ns = time.time_ns()
    for number, parent in ((1, 9), (2, None)):
        span = otlp_span(
            1, parent, trace=an_id(number), start_time_unix_nano=now_ns - 1000, end_time_unix_nano=now_ns
        )
        send(server.url, request(span))
    rows = traces(server, "list").stdout.splitlines()[1:]
    assert {row[:4]: "running" in row.split() for row in rows} == {"0001": True, "0002": False}


def test_of_a_very_large_trace_it_says_what_is_not_shown(server: BackgroundServer) -> None:
    spans = [otlp_span(number, 1 if number > 1 else None, trace=an_id(1)) for number in range(1, 1102)]
    assert send(server.url, request(*spans)).status == 200
    assert traces(server, "show", "0001").stdout.splitlines()[-1] == (
        "… 1,000 of 1,101 spans, those nearest to the roots."
    )
    # One that is not listed can be looked at by its whole id.
    done = traces(server, "show", "0001", "--span", spans[-1].span_id.hex(), "--json")
    assert objects(done.stdout)[0]["span"]["span_id"] == spans[-1].span_id.hex()


def test_a_trace_is_drawn_as_a_tree_with_durations_model_tokens_cost_and_errors(
    filled: BackgroundServer,
) -> None:
    done = traces(filled, "show", "0003")
    assert (done.returncode, done.stderr) == (0, "")
    head, url, empty, *tree = done.stdout.splitlines()
    assert head.startswith(
        f"Trace {an_id(3).hex()} · ERROR · 900 ms · 1,200 → 34 tokens · $0.0041 · 2023-11-14"
    )
    assert (url, empty) == (f"{filled.url}/traces/{an_id(3).hex()}", "")
    assert tree == [
        "● ✗ agent  900 ms",
        "│    ! Error: it\ufffd[2Jbroke",
        f"╰─ chat  900 ms  {MODEL}  1,200 → 34 tokens  $0.0041",
    ]
    (whole,) = objects(traces(filled, "show", an_id(3).hex(), "--json").stdout)
    assert [span["name"] for span in whole["spans"]] == ["agent", "chat"]


def test_spans_without_their_parent_are_drawn_too(server: BackgroundServer) -> None:
    lost = otlp_span(7, 99, trace=an_id(1), name="lost")
    send(
        server.url,
        request(
            otlp_span(1, trace=an_id(1), name="root"), lost, otlp_span(8, 7, trace=an_id(1), name="below")
        ),
    )
    tree = traces(server, "show", "0001").stdout.split("\n\n")[1].splitlines()
    assert [line.split("  ")[0] for line in tree] == ["● root", "● lost", "╰─ below"]


def test_a_span_is_shown_with_its_payload(filled: BackgroundServer) -> None:
    done = traces(filled, "show", "0001", "--span", "0000000000000001")
    assert done.returncode == 0
    assert "inputs\n  東京の天気は?" in done.stdout
    (span,) = objects(traces(filled, "show", "0001", "--span", "0000000000000002", "--json").stdout)
    assert span["attributes"]["gen_ai.request.model"] == MODEL
    wrong = traces(filled, "show", "0001", "--span", "f")
    assert (wrong.returncode, "No span's id of this trace begins with 'f'" in wrong.stderr) == (2, True)


def test_the_first_digits_of_an_id_must_name_one_trace(server: BackgroundServer) -> None:
    for number in (1, 2):
        send(server.url, request(otlp_span(1, trace=trace_id(number))))
    for digits, words in (("0000", "More than one trace's id begins"), ("ffff", "No trace's id begins")):
        done = traces(server, "show", digits)
        assert (done.returncode, words in done.stderr) == (2, True)


def test_a_store_is_read_without_a_server(filled: BackgroundServer) -> None:
    done = traces(filled, "list", "--server", f"sqlite:///{filled.settings.store}", "--json")
    assert (ids(done.stdout), done.stderr) == ([5, 4, 3, 2, 1], "")


def test_the_full_installations_command_has_it_too(filled: BackgroundServer) -> None:
    command = [sys.executable, "-m", "outcrop_server.cli.main", "traces", "list", "--json", "--limit", "5"]
    done = subprocess.run(  # noqa: S603  # our own command
        command, env=environment(filled), capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert (ids(done.stdout), done.returncode) == ([5, 4, 3, 2, 1], 0)


def test_it_loads_nothing_of_the_server(filled: BackgroundServer) -> None:
    code = (
        "import sys; from outcrop.launch.command import main; main(['traces', 'list', '--json'])\n"
        "assert not {'outcrop_server', 'fastapi', 'click', 'boto3'} & set(sys.modules)"
    )
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", code], env=environment(filled), capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
