from __future__ import annotations

from io import StringIO

import pytest

from outcrop.terminal.cells import width
from outcrop.terminal.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_fits_the_terminal_and_is_wiped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    progress = Progress("天気の\x1b[2Jとても長い名前のファイル.jsonl", 50_000_000, stream)
    progress.tell(12_500_000)
    progress.close()
    _, line, wiped = stream.getvalue().split("\r")
    assert (width(line), wiped) == (39, "\x1b[K")
    assert line.rstrip().endswith("…: 12.5 MB of 50.0 MB, 25 %")
    assert "\x1b" not in line


def test_of_a_pipe_nobody_knows_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    Progress("standard input", None, stream).tell(1_000_000)
    assert stream.getvalue().strip() == "standard input: 1.0 MB"


def test_where_there_is_no_terminal_nothing_is_written() -> None:
    stream = StringIO()
    progress = Progress("file", 10, stream)
    progress.tell(5)
    progress.close()
    assert stream.getvalue() == ""
