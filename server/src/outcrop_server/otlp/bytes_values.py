"""Where the large `bytes_value`s of a request lie, without reading what is in it. Pure.

Only members that are large are looked into, so what this costs hangs on how many there are side by side.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from outcrop_server.otlp.wire import BYTES, FIXED_SIZES, VARINT, WireError, varint_at

if TYPE_CHECKING:
    from collections.abc import Iterator

# By field numbers, what leads to values: those of attributes of resources, scopes, spans, events and links
# (opentelemetry/proto/trace/v1, common/v1). A value is reached where the map is empty.
_PAIR: dict[int, Any] = {}
_VALUE: dict[int, Any] = {6: {1: _PAIR}, 7: {}}
_VALUE[5] = {1: _VALUE}
_PAIR[2] = _VALUE
_SPAN: dict[int, Any] = {9: _PAIR, 11: {3: _PAIR}, 13: {4: _PAIR}}
_REQUEST: dict[int, Any] = {1: {1: {1: _PAIR}, 2: {1: {3: _PAIR}, 2: _SPAN}}}
_MOST_FIELDS = 20_000


def bytes_values(request: bytes, least: int) -> list[tuple[int, int]]:
    """From where to where the values of at least so many bytes go, in their order.

    No more than some thousand members are looked at: a request of millions would take seconds.

    Args:
        request: an `ExportTraceServiceRequest`; of bytes that are none, nothing that has a meaning is found.
        least: bytes, 1 or more.
    """
    found: list[tuple[int, int]] = []
    left = _MOST_FIELDS
    # Not by recursion: values lie in values as deep as a sender likes.
    waiting: list[tuple[dict[int, Any], int, int]] = [(_REQUEST, 0, len(request))]
    while waiting and left > 0:
        fields, start, end = waiting.pop()
        try:
            members = list(itertools.islice(_fields(request, start, end), left))
        except WireError:
            continue
        left -= len(members)
        for number, field_start, field_end in members:
            if field_end - field_start < least:
                continue
            below = fields.get(number)
            if below:
                waiting.append((below, field_start, field_end))
            elif below is not None:
                found.append((field_start, field_end))
    return sorted(found)


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of the fields of a message; of numbers no more than that they are there."""
    while position < end:
        tag, position = varint_at(data, position)
        if tag >> 3 == 0:
            raise WireError("there is no field 0")
        kind = tag & 7
        if kind == BYTES:
            length, position = varint_at(data, position)
            if position + length > end:
                raise WireError("a field goes beyond its message")
            yield tag >> 3, position, position + length
            position += length
        elif kind == VARINT:
            _, position = varint_at(data, position)
            yield 0, position, position
        elif kind in FIXED_SIZES:
            position += FIXED_SIZES[kind]
            yield 0, position, position
        else:
            raise WireError(f"there is no wire type {kind} here")
