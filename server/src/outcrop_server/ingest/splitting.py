"""Cuts what an export wrote into its items: the spans of joined requests, or lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from outcrop_server.model.errors import BadRequestError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The field of `ExportTraceServiceRequest` that each part of one begins with; in text it is an empty line.
_RESOURCE_SPANS = 0x0A
_LAST_BYTE = 0x7F
_MAX_VARINT_BYTES = 5


class Item(NamedTuple):
    """A piece that is read by itself: a request in protobuf, or a line of JSON.

    Attributes:
        kind: which of them.
        data: its bytes.
        number: of the line, or of the part, from 1; empty lines count too.
    """

    kind: Literal["otlp", "line"]
    data: bytes
    number: int

    @property
    def place(self) -> str:
        """Such as `Line 17`."""
        return f"{'Line' if self.kind == 'line' else 'Part'} {self.number:,}"


class Splitter:
    """Takes plain bytes in any pieces.

    Args:
        max_bytes: most that one item may have.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._kind: Literal["otlp", "line"] | None = None
        # Where the search for a line's end goes on.
        self._seen = 0
        self._given = 0

    def feed(self, data: bytes) -> Iterator[Item]:
        """The items that these bytes complete.

        Raises:
            BadRequestError: this is nothing that an export wrote.
            TooLargeError: an item has more bytes than it may.
        """
        self._buffer += data
        if self._kind is None and self._buffer:
            self._kind = _kind(self._buffer)
        yield from self._requests() if self._kind == "otlp" else self._lines()

    def finish(self) -> Iterator[Item]:
        """The last line, where it has no end.

        Raises:
            BadRequestError: the file ends within an item.
        """
        if self._buffer and self._kind == "otlp":
            raise BadRequestError(
                f"The file ends within a request, {len(self._buffer):,} bytes into it: a part of it was lost."
            )
        if self._buffer.strip():
            yield Item("line", bytes(self._buffer), self._given + 1)

    def _requests(self) -> Iterator[Item]:
        start = 0
        while (end := self._request_end(start)) is not None and end <= len(self._buffer):
            self._given += 1
            yield Item("otlp", bytes(self._buffer[start:end]), self._given)
            start = end
        del self._buffer[:start]

    def _request_end(self, start: int) -> int | None:
        """Where the request ends that starts there; None where not even that is known."""
        if start == len(self._buffer):
            return None
        if self._buffer[start] != _RESOURCE_SPANS:
            raise BadRequestError(f"The file is no OTLP behind its first {self._given:,} parts.")
        length = shift = 0
        for position in range(start + 1, min(start + 1 + _MAX_VARINT_BYTES, len(self._buffer))):
            byte = self._buffer[position]
            length |= (byte & _LAST_BYTE) << shift
            shift += 7
            if byte <= _LAST_BYTE:
                if length > self._max_bytes:
                    raise self._too_large("part")
                return position + 1 + length
        if len(self._buffer) > start + _MAX_VARINT_BYTES:
            raise self._too_large("part")
        return None

    def _lines(self) -> Iterator[Item]:
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._seen))) >= 0:
            line = bytes(self._buffer[start:end])
            start = end + 1
            self._given += 1
            if line.strip():
                yield Item("line", line, self._given)
        del self._buffer[:start]
        self._seen = len(self._buffer)
        if self._seen > self._max_bytes:
            raise self._too_large("line")

    def _too_large(self, what: str) -> TooLargeError:
        return TooLargeError(
            f"The file's {what} {self._given + 1:,} has more than {self._max_bytes:,} bytes. Raise the "
            "server's OUTCROP_MAX_BODY_BYTES."
        )


def _kind(first: bytearray) -> Literal["otlp", "line"]:
    if first[0] == _RESOURCE_SPANS:
        return "otlp"
    if bytes(first.lstrip()[:1]) in {b"{", b""}:
        return "line"
    raise BadRequestError(
        "The file is none that an export writes: give jsonl, otlp or otlp-jsonl, plain or in gzip or zstd. "
        "Parquet holds columns alone and cannot be read back."
    )
