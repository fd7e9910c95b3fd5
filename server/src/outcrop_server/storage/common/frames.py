"""Payload frames: the payloads of a trace's spans, end to end, compressed together. Pure.

An agent's turns repeat the whole conversation; inside one zstd frame a repetition costs almost nothing. Large
binaries are taken out before; see `blobs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import zstandard

from outcrop_server.model.errors import DamagedError
from outcrop_server.storage.binaries import LEAST_BYTES
from outcrop_server.storage.common.blobs import BlobUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.storage.common.blobs import Separator, Taken

# Reading one span costs decompressing its frame; this size keeps that under half a millisecond.
FRAME_BYTES = 256 * 1024


class Frame(NamedTuple):
    """Some spans of one trace and their payloads, compressed.

    Attributes:
        spans: whose payloads these are.
        places: where each lies within: offset and length in bytes.
        data: the frame.
        uses: the binaries that it lacks, in their order.
    """

    spans: list[NewSpan]
    places: list[tuple[int, int]]
    data: bytes
    uses: list[BlobUse]


def pack(spans: Iterable[NewSpan], separator: Separator) -> list[Frame]:
    """Frames for the spans of one trace, in their order; a payload is never cut in two.

    Args:
        spans: of one trace.
        separator: takes large binaries out; one for all traces of a batch.
    """
    return [_frame(group, separator.compressor) for group in _groups(spans, separator)]


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


class _Group:
    """The spans of one frame, what is left of their payloads, and what was taken out of them."""

    __slots__ = ("payloads", "size", "spans", "uses")

    def __init__(self) -> None:
        self.spans: list[NewSpan] = []
        self.payloads: list[bytes] = []
        self.uses: list[BlobUse] = []
        self.size = 0


def _groups(spans: Iterable[NewSpan], separator: Separator) -> Iterator[_Group]:
    group = _Group()
    for span in spans:
        payload = span.payload
        length = len(payload)
        taken: list[Taken] = []
        if length >= LEAST_BYTES:
            payload, taken = separator.separate(payload)
            length = len(payload)
        if group.spans and group.size + length > FRAME_BYTES:
            yield group
            group = _Group()
        if taken:
            number, offset = len(group.spans), group.size
            group.uses += (BlobUse(number, each._replace(place=offset + each.place)) for each in taken)
        group.spans.append(span)
        group.payloads.append(payload)
        group.size += length
    if group.spans:
        yield group


def _frame(group: _Group, compressor: zstandard.ZstdCompressor) -> Frame:
    places: list[tuple[int, int]] = []
    end = 0
    for payload in group.payloads:
        length = len(payload)
        places.append((end, length))
        end += length
    return Frame(group.spans, places, compressor.compress(b"".join(group.payloads)), group.uses)
