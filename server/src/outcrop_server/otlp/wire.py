"""Protobuf's wire format, as far as a request is cut into spans without being read. Pure.

A span is a slice of the bytes that came: nothing is turned into objects and back, and members that this
version does not know stay where they are. Fields: opentelemetry/proto/collector/trace/v1 and trace/v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, BYTES = 0, 2
_FIXED64, _FIXED32 = 1, 5
FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_LAST_BYTE = 0x7F
# A number has at most ten bytes of seven bits.
_MAX_SHIFT = 63

# ResourceSpans: resource, scope_spans, schema_url; ScopeSpans: scope, spans, schema_url.
_FIRST, _SECOND, _THIRD = 1, 2, 3


class WireError(ValueError):
    """The bytes are no protobuf, or of a form that is not read here."""


class Group(NamedTuple):
    """The spans of one scope of one resource, each as the bytes of its message.

    Attributes:
        resource: the bytes of its Resource.
        spans: in their order.
        before: what stands before the one span in a ScopeSpans of its own: the scope's field.
        after: what stands behind it: the scope's schema.
        resource_before: what stands before the ScopeSpans: the resource's field.
        resource_after: what stands behind it: the resource's schema.
    """

    resource: bytes
    spans: list[bytes]
    before: bytes
    after: bytes
    resource_before: bytes
    resource_after: bytes

    def wrap(self, span: bytes) -> bytes:
        """A request that holds this span alone; such requests joined end to end are again a request."""
        head = varint(len(span))
        inner = len(self.before) + 1 + len(head) + len(span) + len(self.after)
        inner_head = varint(inner)
        outer = len(self.resource_before) + 1 + len(inner_head) + inner + len(self.resource_after)
        return b"".join(
            (
                b"\x0a",
                varint(outer),
                self.resource_before,
                b"\x12",
                inner_head,
                self.before,
                b"\x12",
                head,
                span,
                self.after,
                self.resource_after,
            )
        )


def groups(body: bytes) -> Iterator[Group]:
    """Cuts an `ExportTraceServiceRequest`.

    Raises:
        WireError: it cannot be cut.
    """
    for number, resource_spans in _fields(body):
        if number == _FIRST:
            yield from _groups_of(resource_spans)


def _groups_of(resource_spans: bytes) -> Iterator[Group]:
    resource = schema = b""
    scopes: list[bytes] = []
    for number, value in _fields(resource_spans):
        if number == _FIRST:
            # A message that comes twice is merged, which joining its bytes does.
            resource += value
        elif number == _SECOND:
            scopes.append(value)
        elif number == _THIRD:
            schema = value
    resource_before, resource_after = _field(_FIRST, resource), _field(_THIRD, schema)
    for scope_spans in scopes:
        scope = scope_schema = b""
        spans: list[bytes] = []
        for number, value in _fields(scope_spans):
            if number == _SECOND:
                spans.append(value)
            elif number == _FIRST:
                scope += value
            elif number == _THIRD:
                scope_schema = value
        before, after = _field(_FIRST, scope), _field(_THIRD, scope_schema)
        yield Group(resource, spans, before, after, resource_before, resource_after)


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """The fields of a message that are bytes or messages, by number; others are passed over."""
    found: list[tuple[int, bytes]] = []
    position, end = 0, len(data)
    while position < end:
        tag, position = varint_at(data, position)
        kind = tag & 7
        if kind == BYTES:
            length, position = varint_at(data, position)
            following = position + length
            if following > end:
                raise WireError(f"a field of {length} bytes has only {end - position}")
            found.append((tag >> 3, data[position:following]))
            position = following
        elif kind == VARINT:
            _, position = varint_at(data, position)
        elif kind in FIXED_SIZES:
            position += FIXED_SIZES[kind]
            if position > end:
                raise WireError("it ends within a number")
        else:
            raise WireError(f"there is no wire type {kind} here")
        if tag >> 3 == 0:
            raise WireError("there is no field 0")
    return found


def varint_at(data: bytes, position: int) -> tuple[int, int]:
    """The number that begins at a place, and the place behind it.

    Raises:
        WireError: there is none.
    """
    try:
        byte = data[position]
        position += 1
        if byte <= _LAST_BYTE:
            return byte, position
        number = byte & _LAST_BYTE
        shift = 7
        while True:
            byte = data[position]
            position += 1
            number |= (byte & _LAST_BYTE) << shift
            if byte <= _LAST_BYTE:
                return number, position
            shift += 7
            if shift > _MAX_SHIFT:
                raise WireError("a number has more than ten bytes")
    except IndexError:
        raise WireError("it ends within a number") from None


def _field(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | BYTES,)) + varint(len(content)) + content if content else b""


def varint(number: int) -> bytes:
    """A number in protobuf's form."""
    if number <= _LAST_BYTE:
        return bytes((number,))
    digits = bytearray()
    while number > _LAST_BYTE:
        digits.append(number & _LAST_BYTE | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
