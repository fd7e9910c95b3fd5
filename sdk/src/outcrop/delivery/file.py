"""An OTLP file as a destination (`file:///folder/traces.jsonl`): a request a line, appended.

Several processes may write one file; OpenTelemetry's collector can read it (`otlpjsonfile`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from outcrop.delivery.delivering import Delivering
from outcrop.delivery.otlp_json import from_line, to_line
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.sender import Sent
from outcrop.delivery.unasked import Unasked
from outcrop.exceptions import OutcropError
from outcrop.otlp.records import SpanRecord


class FileSender:
    """Appends to one file, which is opened anew for each batch: it may be moved away at any time."""

    def __init__(self, path: Path) -> None:
        """`path` is made with its folders when the first batch comes."""
        self.name = str(path)
        self._path = path

    def post(self, body: bytes) -> Sent:
        """Appends a request with one write, so that those of other processes stand before or behind it."""
        try:
            line = to_line(body)
        except ValueError as error:
            return Sent(False, is_refused=True, reason=str(error))
        try:
            self._append(line)
        except OSError as error:
            return Sent(False, reason=f"{error.strerror or error}")
        return Sent(True)

    def close(self) -> None:
        """Nothing is held open."""

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            written = os.write(descriptor, line)
            if written < len(line):
                # A nearly full disk took a part: end the torn line, so that readers pass over it alone.
                os.write(descriptor, b"\n")
                raise OSError("the disk took a part of a batch only")
        finally:
            os.close(descriptor)


class FileDestination(Delivering, Unasked):
    """Writes to a file and reads from it."""

    def __init__(self, path: Path, resource: Mapping[str, Any]) -> None:
        """`path` is the file; `resource` describes this process."""
        self._path = path
        self.what_it_is = f"The file {path}"
        super().__init__(Pipeline(lambda: FileSender(path), None, resource))

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """Looks through the file for a trace."""
        wanted = trace_id.encode()
        found: list[SpanRecord] = []
        try:
            with self._path.open("rb") as lines:
                for line in lines:
                    if wanted in line:
                        found.extend(span for span in _spans_in(line) if span.trace_id.hex() == trace_id)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OutcropError(f"Traces cannot be read from {self._path}: {error}.") from error
        return found


def _spans_in(line: bytes) -> list[SpanRecord]:
    try:
        return from_line(line)
    except ValueError:
        return []  # torn by a full disk, or somebody else's
