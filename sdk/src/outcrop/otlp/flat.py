"""A call's span before it is encoded: its parts, one after the other, behind a table of numbers.

OTLP nests a span's members in messages that begin with their lengths, so that writing one takes the program's
thread longer than all else that ends a call. Nearly every call is answered at its first attempt and has
nothing of its own beside bodies and times; its parts can be kept, and noted down, as they are. Whoever
delivers them, or finds them in a journal, makes OTLP of them: by the same function.

Layout of a span, little-endian: the trace's id (16 bytes), the span's, its parent's (8 each, zero for none);
start, end, when the answer came, all in nanoseconds since the epoch, how long it took in nanoseconds (64 bits
each); HTTP status, status code, which bodies there are (16 bits each); the lengths of the
seven parts (32 bits each), and the parts. A request of spans begins with the lengths of its resource and of
its scope (32 bits each), both encoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from outcrop.otlp.encode import (
    STATUS_ALONE,
    described,
    event_attribute,
    event_name,
    event_of,
    labelled_head,
    scope_of,
)
from outcrop.otlp.protobuf import BytesAttribute, IntAttribute, TextAttribute, message, message_head
from outcrop.otlp.records import EncodedSpan, SpanGroup
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_TABLE = struct.Struct("<16s8s8sQQQQHHH7I")
_pack_table = _TABLE.pack
_HEADS = struct.Struct("<II")
_NO_PARENT = bytes(8)
HAS_REQUEST_BODY, HAS_RESPONSE_BODY = 1, 2

_REQUEST_ID = TextAttribute(9, gen_ai.AWS_REQUEST_ID)
_REQUEST_BODY = BytesAttribute(9, names.REQUEST_BODY)
_RESPONSE_BODY = BytesAttribute(9, names.RESPONSE_BODY)
_STREAM_CHUNKS = BytesAttribute(9, names.STREAM_CHUNKS)
_ATTEMPT_DURATION = IntAttribute(3, names.ATTEMPT_DURATION_NS)
_ATTEMPT_REQUEST_ID = TextAttribute(3, gen_ai.AWS_REQUEST_ID)

# What it was called and of what kind; all members that hardly vary; the request's body; its request id; what
# the answer's head says and how a stream ended; the stream; the answer's body. Members are encoded.
CallParts = tuple[bytes, bytes, bytes, bytes, bytes, bytes]
Parts = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes]


class FlatSpan:
    """A finished span of a call. A class with slots, since a named tuple takes longer to make.

    Attributes:
        group: what it shares with others.
        table: its numbers, and the lengths of its parts.
        parts: as above.
        size: the bytes of the parts.
    """

    __slots__ = ("group", "parts", "size", "table")

    def __init__(self, group: SpanGroup, table: bytes, parts: Parts, size: int) -> None:
        """Made by `flat_span`."""
        self.group = group
        self.table = table
        self.parts = parts
        self.size = size

    def encode(self) -> EncodedSpan:
        """The bytes of OTLP's Span message."""
        pieces = _span_pieces(self.table, self.parts)
        return EncodedSpan(self.group, pieces, sum(map(len, pieces)))


def flat_span(  # noqa: PLR0917  # by keyword each call would pay more
    group: SpanGroup,
    ids: tuple[bytes, bytes, bytes],
    times_ns: tuple[int, int, int, int],
    http_status: int,
    status_code: int,
    has: int,
    label: bytes,
    parts: CallParts,
) -> FlatSpan:
    """Makes one.

    Args:
        group: what it shares with others.
        ids: of trace, span and parent, the last empty for a root.
        times_ns: start, end and the answer since the epoch, and how long the answer took.
        http_status: of the answer.
        status_code: the span's, as OTLP numbers it.
        has: which bodies there are: an empty one is one too.
        label: what it is called and of what kind.
        parts: the others.

    Raises:
        struct.error: a number or part is beyond what the table holds.
    """
    # One by one: this runs within each traced call, and loops take longer.
    fixed, body, request_id, told, stream, answer = parts
    a, b, c, d = len(label), len(fixed), len(body), len(request_id)
    e, f, g = len(told), len(stream), len(answer)
    trace_id, span_id, parent_id = ids
    start, end, answered, took = times_ns
    table = _pack_table(
        trace_id, span_id, parent_id, start, end, answered, took, http_status, status_code, has,
        a, b, c, d, e, f, g,
    )  # fmt: skip
    whole = label, fixed, body, request_id, told, stream, answer
    return FlatSpan(group, table, whole, a + b + c + d + e + f + g)


def flat_request(spans: Sequence[FlatSpan], resource: Mapping[str, Any]) -> tuple[list[bytes], int]:
    """Spans of one group as they are noted down: in pieces, and the length of all."""
    group = spans[0].group
    process, scope = described(resource, group.experiment), scope_of(group.scope)
    heads = _HEADS.pack(len(process), len(scope))
    pieces = [heads, process, scope]
    length = len(heads) + len(process) + len(scope)
    for span in spans:
        pieces.append(span.table)
        pieces += span.parts
        length += _TABLE.size + span.size
    return pieces, length


def read_flat_request(data: bytes) -> bytes:
    """An OTLP request of what was noted down.

    Raises:
        ValueError: these bytes are no such spans.
    """
    try:
        process_length, scope_length = _HEADS.unpack_from(data)
        begin = _HEADS.size + process_length
        position = begin + scope_length
        if position > len(data):
            raise ValueError("The head of spans that Outcrop noted down is cut off.")
        process, scope = data[_HEADS.size : begin], data[begin:position]
        spans = list(_encoded_spans(data, position))
    except (struct.error, IndexError) as error:
        raise ValueError(f"These are no spans that Outcrop noted down: {error}.") from error
    return message(1, process + message(2, scope + b"".join(spans)))


def _encoded_spans(data: bytes, position: int) -> Iterator[bytes]:
    while position < len(data):
        table = data[position : position + _TABLE.size]
        position += _TABLE.size
        parts: list[bytes] = []
        for length in _TABLE.unpack(table)[-7:]:
            if position + length > len(data):
                raise ValueError("The last span that Outcrop noted down is cut off.")
            parts.append(data[position : position + length])
            position += length
        span = b"".join(_span_pieces(table, parts))
        yield message_head(2, len(span)) + span


def _span_pieces(table: bytes, parts: Sequence[bytes]) -> list[bytes]:
    """The members of OTLP's Span message."""
    found: tuple[Any, ...] = _TABLE.unpack(table)
    trace_id, span_id, parent_id, start, end = found[:5]
    answered, took, http_status, code, has = map(int, found[5:10])
    label, fixed, request_body, request_id, told, stream, response_body = parts
    ids = trace_id, span_id, b"" if parent_id == _NO_PARENT else parent_id
    pieces = [labelled_head(ids, label, start, end), fixed]
    if has & HAS_REQUEST_BODY:
        pieces += _REQUEST_BODY.head(len(request_body)), request_body
    if request_id:
        pieces.append(_REQUEST_ID.encode_bytes(request_id))
    if told:
        pieces.append(told)
    if stream:
        pieces += _STREAM_CHUNKS.head(len(stream)), stream
    if has & HAS_RESPONSE_BODY:
        pieces += _RESPONSE_BODY.head(len(response_body)), response_body
    pieces.append(_answer(answered, took, http_status, request_id))
    if code:
        pieces.append(STATUS_ALONE[code])
    return pieces


def _answer(time_ns: int, took_ns: int, http_status: int, request_id: bytes) -> bytes:
    """The event of the call's only attempt."""
    members = attempt_opening(1, http_status) + _ATTEMPT_DURATION.encode(took_ns)
    if request_id:
        members += _ATTEMPT_REQUEST_ID.encode_bytes(request_id)
    return event_of(time_ns, members)


@lru_cache(maxsize=256)
def attempt_opening(number: int, http_status: int) -> bytes:
    """What hardly varies of an attempt: the event's name, its number, and the HTTP status if there is one."""
    pieces = [event_name(names.ATTEMPT_EVENT), event_attribute(names.ATTEMPT_NUMBER, number)]
    if http_status:
        pieces.append(event_attribute(gen_ai.HTTP_STATUS_CODE, http_status))
    return b"".join(pieces)
