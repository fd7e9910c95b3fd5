"""Payload frames: the payloads of a trace's spans, end to end, compressed together. Pure.

An agent's turns repeat the whole conversation; inside one zstd frame a repetition costs almost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

from outcrop_server.model.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outcrop_server.model.new_span import NewSpan

# Reading one span costs decompressing its frame; this size keeps that under half a millisecond.
FRAME_BYTES = 256 * 1024
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """Some spans of one trace and their payloads, compressed; `offsets` are bytes within, one a span."""

    spans: list[NewSpan]
    offsets: list[int]
    data: bytes


def pack(spans: Iterable[NewSpan]) -> list[Frame]:
    """Frames for the spans of one trace, in their order; a payload is never cut in two."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return [_frame(group, compressor) for group in _groups(spans)]


def unpack(data: bytes) -> memoryview:
    """The payloads of a frame, end to end.

    Raises:
        DamagedError: it is no such frame any more.
    """
    try:
        return memoryview(zstandard.ZstdDecompressor().decompress(data))
    except zstandard.ZstdError as error:
        raise DamagedError(
            f"This payload is damaged in the store and cannot be read ({error}). `outcrop db check` says "
            "what else is."
        ) from error


def _groups(spans: Iterable[NewSpan]) -> Iterator[list[NewSpan]]:
    group: list[NewSpan] = []
    size = 0
    for span in spans:
        length = len(span.payload)
        if group and size + length > FRAME_BYTES:
            yield group
            group, size = [], 0
        group.append(span)
        size += length
    if group:
        yield group


def _frame(spans: list[NewSpan], compressor: zstandard.ZstdCompressor) -> Frame:
    offsets: list[int] = []
    end = 0
    for span in spans:
        offsets.append(end)
        end += len(span.payload)
    return Frame(spans, offsets, compressor.compress(b"".join(span.payload for span in spans)))
