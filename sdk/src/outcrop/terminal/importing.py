"""`outcrop traces import`: files that an export wrote, sent while they are read, and an account of each."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from outcrop.delivery.server_api import NotLetInError, UnreachableError
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import JsonObject, as_int, as_list
from outcrop.terminal.cells import harmless
from outcrop.terminal.progress import Progress
from outcrop.terminal.source import TraceSource

_PIECE_BYTES = 256 * 1024
_STDIN = "-"

# Takes a file's name and what became of it.
TakeReport = Callable[[str, JsonObject], None]


def check_files(names: Sequence[str]) -> None:
    """Before anything is sent.

    Raises:
        ConfigurationError: one is not there or cannot be read, or standard input is named twice.
    """
    if names.count(_STDIN) > 1:
        raise ConfigurationError("Standard input can be read once only: give - once.")
    for name in names:
        if name == _STDIN:
            continue
        path = Path(name)
        if path.is_dir():
            raise ConfigurationError(f"{name} is a folder: give the files in it.")
        if not path.exists():
            raise ConfigurationError(f"There is no file {name}.")
        if not os.access(path, os.R_OK):
            raise ConfigurationError(f"{name} cannot be read: its permissions do not allow it.")


def import_files(
    source: TraceSource,
    names: Sequence[str],
    experiment: str | None,
    take_report: TakeReport,
    say: Callable[[str], None],
) -> bool:
    """Sends files one after the other; one that is wrong does not keep those behind it.

    Args:
        source: takes them in.
        names: paths; `-` is standard input.
        experiment: where spans belong that do not say so themselves.
        take_report: takes the account of each file that was taken in.
        say: takes what is wrong with one that was not.

    Returns:
        Whether everything in every file was taken in.

    Raises:
        UnreachableError: the server is not there, or went away. What was taken in before is kept.
        NotLetInError: it does not take imports from this sender.
    """
    is_whole = True
    for name in names:
        shown = "standard input" if name == _STDIN else name
        try:
            report = _sent(source, name, shown, experiment)
        except UnreachableError as error:
            raise UnreachableError(
                f"{shown}: {error} Give the same file again when it is back: what was taken in is not taken "
                "twice."
            ) from error
        except NotLetInError:
            raise
        except OutcropError as error:
            say(f"{shown}: {error}")
            is_whole = False
            continue
        take_report(shown, report)
        is_whole = is_whole and not as_int(report.get("rejected_spans"))
    return is_whole


def account(name: str, report: JsonObject) -> str:
    """What became of a file, in lines that do a terminal no harm."""
    new, known, rejected, edited, judged = (
        as_int(report.get(key)) or 0
        for key in ("new_spans", "known_spans", "rejected_spans", "edited_traces", "new_assessments")
    )
    parts = [f"{_counted(new, 'span')} taken in", f"{known:,} there already", f"{rejected:,} refused"]
    if edited:
        parts.append(f"tags or metadata of {_counted(edited, 'trace')}")
    if judged:
        parts.append(_counted(judged, "judgement"))
    faults = [f"  {fault}" for fault in as_list(report.get("faults"))]
    if rejected > len(faults):
        faults.append(f"  and {rejected - len(faults):,} more")
    return harmless("\n".join((f"{name}: {', '.join(parts)}", *faults))) + "\n"


def _sent(source: TraceSource, name: str, shown: str, experiment: str | None) -> JsonObject:
    with _opened(name) as file, closing(Progress(shown, _size(file), sys.stderr)) as progress:
        return source.take_in(_pieces(file, shown, progress), experiment)


@contextmanager
def _opened(name: str) -> Generator[BinaryIO, None, None]:
    if name == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  # closed below; only its opening is told of here
    except OSError as error:
        raise OutcropError(f"It cannot be read: {error.strerror}.") from error
    with file:
        yield file


def _pieces(file: BinaryIO, shown: str, progress: Progress) -> Iterator[bytes]:
    # What has come through a pipe is sent when it comes, not when much of it has.
    read = getattr(file, "read1", file.read)
    sent = 0
    while True:
        try:
            piece: bytes = read(_PIECE_BYTES)
        except OSError as error:
            raise OutcropError(f"{shown} cannot be read any further: {error.strerror}.") from error
        if not piece:
            return
        yield piece
        sent += len(piece)
        progress.tell(sent)


def _size(file: BinaryIO) -> int | None:
    """None of what has no size, such as a pipe."""
    try:
        found = os.fstat(file.fileno())
    except OSError:  # of a stream in memory
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
