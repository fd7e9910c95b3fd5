"""The command `outcrop traces`: its arguments, its exit codes, and what is said when something is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO
from urllib.error import HTTPError, URLError

from outcrop.delivery.query import TraceQuery
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.terminal.arguments import DEFAULT_LIMIT, EVERY, parser
from outcrop.terminal.cells import Paint
from outcrop.terminal.listing import Table, list_traces, terminal_room, write_json
from outcrop.terminal.source import TraceSource, opened

_FAILED, _USAGE, _INTERRUPTED, _PIPE_CLOSED = 1, 2, 130, 141
_REFUSALS = frozenset({401, 403})


def main(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: what follows `outcrop traces`.

    Returns:
        0; 1 if traces cannot be had; 2 for a wrong argument; 130 after Ctrl-C; 141 if nobody reads any more.
    """
    parsed = parser().parse_args(list(arguments))
    # A terminal that lacks a sign shows a question mark; JSON is UTF-8 everywhere.
    _write_as(sys.stdout, "utf-8" if getattr(parsed, "as_json", False) else None)
    _write_as(sys.stderr, None)
    try:
        with opened(parsed.server) as source:
            _COMMANDS[parsed.command](source, parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OutcropError as error:
        sys.stderr.write(f"outcrop traces: {error}{_advice(error)}\n")
        return _USAGE if isinstance(error, ConfigurationError) else _FAILED
    except OSError as error:
        sys.stderr.write(f"outcrop traces: {error}\n")
        return _FAILED
    return 0


def _advice(error: OutcropError) -> str:
    cause = error.__cause__
    if isinstance(cause, HTTPError):
        is_refusal = cause.code in _REFUSALS
        return " Give a token that may read in OUTCROP_TOKEN or OUTCROP_TOKEN_FILE." if is_refusal else ""
    if isinstance(cause, (URLError, ConnectionError)):
        return (
            " Start a server there (`outcrop server`), or name another with --server or OUTCROP_TRACKING_URI."
        )
    return ""


def _write_as(stream: TextIO, encoding: str | None) -> None:
    # Tests and notebooks put streams there that cannot be changed.
    reconfigure: Any = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=encoding, errors="replace")


def _list(source: TraceSource, parsed: argparse.Namespace) -> None:
    table = None if parsed.as_json else Table(_write, _paint(parsed), terminal_room())
    limit = EVERY if parsed.is_all else parsed.limit or DEFAULT_LIMIT
    token = list_traces(source, _query(parsed, limit), table, _write)
    if token is not None:
        sys.stdout.flush()
        sys.stderr.write(f"There are more: --page-token {token}, or --limit, or --all.\n")


def _show(source: TraceSource, parsed: argparse.Namespace) -> None:
    # The readers of trees load with it.
    from outcrop.terminal.showing import span_text, trace_text, whole_span_id  # noqa: PLC0415

    trace_id = source.whole_id(parsed.trace)
    trace = source.trace(trace_id)
    if parsed.span is not None:
        span = source.span(trace_id, whole_span_id(trace, parsed.span))
        _write_one(span, span_text(span, _paint(parsed)), parsed)
    else:
        _write_one(trace, trace_text(trace, source.page_url(trace_id), _paint(parsed)), parsed)


def _tail(source: TraceSource, parsed: argparse.Namespace) -> None:
    from outcrop.terminal.following import new_traces  # noqa: PLC0415  # for this subcommand

    table = Table(_write, _paint(parsed), terminal_room())
    query = _query(parsed, DEFAULT_LIMIT)
    for traces in new_traces(source, query, last=max(parsed.last, 0), interval_s=parsed.interval):
        if parsed.as_json:
            write_json(traces, _write)
        elif traces:
            table.add(traces)
        sys.stdout.flush()


def _export(source: TraceSource, parsed: argparse.Namespace) -> None:
    # Every reader of payloads loads with it.
    from outcrop.terminal.exporting import export_traces, written  # noqa: PLC0415

    query = _query(parsed, parsed.limit or EVERY)
    with written(parsed.output) as file:
        count = export_traces(source, query, parsed.form, file)
    if parsed.output != "-":
        sys.stderr.write(f"{count:,} trace{'' if count == 1 else 's'} written to {parsed.output}\n")


_COMMANDS = {"list": _list, "search": _list, "show": _show, "tail": _tail, "export": _export}


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
