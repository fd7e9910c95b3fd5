"""The command `outcrop traces`: its arguments, its exit codes, and what is said when something is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import NotLetInError, UnreachableError
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import JsonObject
from outcrop.terminal.arguments import DEFAULT_LIMIT, EVERY, parser
from outcrop.terminal.cells import Paint, harmless
from outcrop.terminal.listing import Table, list_traces, terminal_room, write_json
from outcrop.terminal.source import TraceSource, opened

_FAILED, _USAGE, _INTERRUPTED, _PIPE_CLOSED = 1, 2, 130, 141


def main(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: what follows `outcrop traces`.

    Returns:
        0; 1 if traces cannot be had, or not all were taken in; 2 for a wrong argument; 130 after Ctrl-C;
        141 if nobody reads any more.
    """
    parsed = parser().parse_args(list(arguments))
    # A terminal that lacks a sign shows a question mark; JSON is UTF-8 everywhere.
    _write_as(sys.stdout, "utf-8" if getattr(parsed, "as_json", False) else None)
    _write_as(sys.stderr, None)
    try:
        with opened(parsed.server) as source:
            is_done = _COMMANDS[parsed.command](source, parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OutcropError as error:
        _say(f"{error}{_advice(error, parsed.command)}")
        return _USAGE if isinstance(error, ConfigurationError) else _FAILED
    except OSError as error:
        _say(str(error))
        return _FAILED
    return 0 if is_done else _FAILED


def _advice(error: OutcropError, command: str) -> str:
    if isinstance(error, NotLetInError):
        may = "import (the role admin)" if command == "import" else "read"
        return f" Give a token that may {may} in OUTCROP_TOKEN or OUTCROP_TOKEN_FILE."
    if isinstance(error, UnreachableError):
        return (
            " Start a server there (`outcrop server`), or name another with --server or OUTCROP_TRACKING_URI."
        )
    return ""


def _say(text: str) -> None:
    # A server's own words may hold anything.
    sys.stderr.write(f"outcrop traces: {harmless(text)}\n")
    sys.stderr.flush()


def _write_as(stream: TextIO, encoding: str | None) -> None:
    # Tests and notebooks put streams there that cannot be changed.
    reconfigure: Any = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=encoding, errors="replace")


def _list(source: TraceSource, parsed: argparse.Namespace) -> bool:
    table = None if parsed.as_json else Table(_write, _paint(parsed), terminal_room())
    limit = EVERY if parsed.is_all else parsed.limit or DEFAULT_LIMIT
    found = list_traces(source, _query(parsed, limit), table, _write)
    sys.stdout.flush()
    if found.next_page_token is not None:
        token = harmless(found.next_page_token)
        sys.stderr.write(f"There are more: --page-token {token}, or --limit, or --all.\n")
    elif not found.traces and table is not None:
        sys.stderr.write("There are no such traces.\n")
    _say_what_waits(found.words_waiting)
    return True


def _say_what_waits(count: int) -> None:
    if count:
        sys.stderr.write(f"Of {count} further traces the words are not indexed yet: ask again later.\n")


def _show(source: TraceSource, parsed: argparse.Namespace) -> bool:
    # The readers of trees load with it.
    from outcrop.terminal.showing import span_text, trace_text, whole_span_id  # noqa: PLC0415

    trace_id = source.whole_id(parsed.trace)
    trace = source.trace(trace_id)
    if parsed.span is not None:
        span = source.span(trace_id, whole_span_id(trace, parsed.span))
        _write_one(span, span_text(span, _paint(parsed)), parsed)
    else:
        page_url = source.page_url(trace_id)
        _write_one(trace, trace_text(trace, page_url, _paint(parsed), terminal_room()), parsed)
    return True


def _tail(source: TraceSource, parsed: argparse.Namespace) -> bool:
    from outcrop.terminal.following import new_traces  # noqa: PLC0415  # for this subcommand

    table = Table(_write, _paint(parsed), terminal_room(), is_live=True)
    query = _query(parsed, DEFAULT_LIMIT)
    found = new_traces(
        source, query, last=parsed.last, interval_s=parsed.interval, say=_say, is_whole=parsed.as_json
    )
    for traces in found:
        if parsed.as_json:
            write_json(traces, _write)
        elif traces:
            table.add(traces)
        sys.stdout.flush()
    return True


def _export(source: TraceSource, parsed: argparse.Namespace) -> bool:
    # Every reader of payloads loads with it.
    from outcrop.terminal.exporting import export_traces, written  # noqa: PLC0415

    query = _query(parsed, parsed.limit or EVERY)
    is_terminal = parsed.output == "-" and sys.stdout.isatty()
    with written(parsed.output) as file:
        count, waiting = export_traces(source, query, parsed.form, file, is_terminal=is_terminal)
    if parsed.output != "-":
        sys.stderr.write(f"{count:,} trace{'' if count == 1 else 's'} written to {parsed.output}\n")
    _say_what_waits(waiting)
    return True


def _import(source: TraceSource, parsed: argparse.Namespace) -> bool:
    from outcrop.terminal.importing import account, check_files, import_files  # noqa: PLC0415  # as above

    def take(name: str, report: JsonObject) -> None:
        if parsed.as_json:
            write_json([{"file": name, **report}], _write)
        else:
            _write(account(name, report))
        sys.stdout.flush()

    check_files(parsed.files)
    # So that a server that is not there, or asks for a token, says so before a file is read.
    source.page(TraceQuery(max_results=1))
    return import_files(source, parsed.files, parsed.experiment, take, _say)


_COMMANDS = {
    "list": _list,
    "search": _list,
    "show": _show,
    "tail": _tail,
    "export": _export,
    "import": _import,
}


def _query(parsed: argparse.Namespace, limit: int) -> TraceQuery:
    return TraceQuery(
        experiments=parsed.experiment,
        filter_string=parsed.filter,
        order_by=getattr(parsed, "order_by", ()),
        max_results=limit,
        page_token=getattr(parsed, "page_token", None),
    )


def _paint(parsed: argparse.Namespace) -> Paint:
    is_wanted = not parsed.no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(has_colour=is_wanted and sys.stdout.isatty())


def _write(text: str) -> None:
    sys.stdout.write(text)


def _write_one(value: object, text: str, parsed: argparse.Namespace) -> None:
    if parsed.as_json:
        write_json([value], _write)
    else:
        _write(text)
