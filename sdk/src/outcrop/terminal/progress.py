"""How far a long work has come: one line of a terminal, written again and again, and wiped at the end."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from outcrop.terminal.cells import cut, fitted, harmless, width

_EVERY_S = 0.1
_MB = 1_000_000
_WIPE = "\r\x1b[K"


class Progress:
    """Nothing where the stream is no terminal.

    Args:
        what: stands before it, such as a file's name.
        total: bytes in all; None if that is not known.
        stream: where it is shown.
        unit: what is counted, where it is not bytes.
    """

    def __init__(self, what: str, total: int | None, stream: TextIO, unit: str | None = None) -> None:
        """Nothing is shown yet."""
        self._unit = unit
        self._what = harmless(what)
        self._total = total
        self._stream = stream
        self._is_shown = stream.isatty()
        self._next_s = 0.0

    def tell(self, done: int) -> None:
        """So much is done."""
        now_s = time.monotonic()
        if not self._is_shown or now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        if self._unit is None:
            shown = f"{done / _MB:,.1f} MB" + (f" of {self._total / _MB:,.1f} MB" if self._total else "")
        else:
            shown = f"{done:,}" + (f" of {self._total:,} " if self._total else " ") + self._unit
        if self._total:
            shown += f", {min(done * 100 // self._total, 100)} %"
        # In the last cell a terminal would go on to the next line.
        room = max(shutil.get_terminal_size().columns - 1, 1)
        name = cut(self._what, max(room - width(shown) - 2, 1))
        self._stream.write(f"\r{fitted(f'{name}: {shown}', room)}")
        self._stream.flush()

    def close(self) -> None:
        """Leaves no trace."""
        if self._is_shown:
            self._stream.write(_WIPE)
            self._stream.flush()
