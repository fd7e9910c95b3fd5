"""The arguments of `outcrop traces`."""

from __future__ import annotations

import argparse

DEFAULT_LIMIT = 20
# More than any store holds.
EVERY = 1 << 62
_DEFAULT_LAST, _DEFAULT_INTERVAL_S, _MOST_S = 10, 1.0, 3600.0
_SERVER = (
    "http://HOST:PORT, or sqlite:///traces.db (default: OUTCROP_TRACKING_URI, else http://127.0.0.1:5115)"
)


def parser() -> argparse.ArgumentParser:
    """Reads the command line; each subcommand takes its own."""
    whole = argparse.ArgumentParser("outcrop traces", description="Traces in the terminal.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    everywhere, as_json, which, where, pages = _everywhere(), _as_json(), _which(), _where(), _pages()
    common = [everywhere, as_json]
    commands.add_parser("list", parents=[*common, which, where, pages], help="the newest traces")
    search = commands.add_parser("search", parents=[*common, which, pages], help="those that fit a filter")
    search.add_argument(
        "filter",
        metavar="FILTER",
        help="words, or such as: status = 'ERROR' AND tokens > 1k (docs/filters.md)",
    )
    show = commands.add_parser("show", parents=common, help="a trace as a tree, or one of its spans")
    show.add_argument("trace", metavar="TRACE", help="its id, or the first digits")
    show.add_argument(
        "--span", metavar="SPAN", help="this span with its payload: its id, or the first digits"
    )
    _add_tail(commands.add_parser("tail", parents=[*common, which, where], help="new traces as they come"))
    export = commands.add_parser(
        "export", parents=[everywhere, which, where, pages], help="whole traces, a line each"
    )
    export.add_argument(
        "--format", dest="form", choices=("jsonl", "otlp"), default="jsonl", help="default: jsonl"
    )
    export.add_argument("--output", "-o", default="-", metavar="FILE", help="- for standard output (default)")
    _add_import(commands.add_parser("import", parents=common, help="take in what an export wrote"))
    return whole


def _add_import(importing: argparse.ArgumentParser) -> None:
    importing.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="jsonl or otlp, plain or in gzip or zstd; - for standard input",
    )
    importing.add_argument(
        "--experiment", metavar="NAME", help="where spans belong that do not say so themselves"
    )


def _add_tail(tail: argparse.ArgumentParser) -> None:
    tail.add_argument(
        "--last", type=_count, default=_DEFAULT_LAST, metavar="N", help="first so many that are there already"
    )
    tail.add_argument(
        "--interval",
        type=_seconds,
        default=_DEFAULT_INTERVAL_S,
        metavar="S",
        help="seconds between two looks at a server or store without a live tail, and before one that went "
        "away is asked again",
    )


def _everywhere() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--server", metavar="URI", help=_SERVER)
    shared.add_argument(
        "--no-color",
        "--no-colour",
        dest="no_color",
        action="store_true",
        help="no colours; so does NO_COLOR=1",
    )
    return shared


def _as_json() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", dest="as_json", action="store_true", help="the API's JSON, a line each")
    return shared


def _which() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--experiment", action="append", default=[], metavar="NAME", help="name or id; may be repeated"
    )
    return shared


def _where() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--filter", default="", metavar="FILTER", help="such as: status = 'ERROR' AND latency > 2s"
    )
    return shared


def _pages() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    bound = shared.add_mutually_exclusive_group()
    bound.add_argument(
        "--limit",
        type=_positive,
        metavar="N",
        help=f"at most so many (default: {DEFAULT_LIMIT}; export: all)",
    )
    bound.add_argument("--all", dest="is_all", action="store_true", help="all that fit")
    shared.add_argument(
        "--order-by",
        action="append",
        default=[],
        metavar="FIELD",
        help="such as 'cost DESC'; may be repeated",
    )
    shared.add_argument("--page-token", metavar="TOKEN", help="go on where another list ended")
    return shared


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) < EVERY:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")


def _positive(text: str) -> int:
    if _count(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds <= _MOST_S:
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0, at most {_MOST_S:g}")
