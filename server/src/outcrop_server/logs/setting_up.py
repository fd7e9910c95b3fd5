"""Sends every logger's lines, uvicorn's among them, to standard error in one form."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from outcrop_server.configuration.log_levels import levels_in
from outcrop_server.logs.lines import HumanLines, JsonLines

if TYPE_CHECKING:
    from outcrop_server.settings import Settings

# uvicorn tells at level `info` what we say in lines of our own, and gRPC as an error that a caller has left.
_UNLESS_TOLD = {"uvicorn": logging.WARNING, "grpc": logging.CRITICAL}


def set_up_logs(settings: Settings) -> None:
    """Sets form and levels for this process."""
    is_terminal = sys.stderr.isatty()
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "human" or (settings.log_format == "auto" and is_terminal):
        has_colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        handler.setFormatter(HumanLines(has_colour=has_colour))
    else:
        handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name, level in {"": logging.INFO, **_UNLESS_TOLD, **levels_in(settings.log_level)}.items():
        logging.getLogger(name or None).setLevel(level)
    logging.captureWarnings(capture=True)
    # What nobody reads needs not be found out for each line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def write_now(level: int, name: str, words: str) -> None:
    """Writes a line without locks and buffers, for signal handlers and processes about to end."""
    record = logging.LogRecord(name, level, __file__, 0, words, None, None)
    for handler in logging.getLogger().handlers[:1]:
        with contextlib.suppress(OSError):  # nobody reads it any more
            os.write(2, (handler.format(record) + "\n").encode())
