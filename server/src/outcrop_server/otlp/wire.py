"""Protobuf's wire format, as far as a request is cut into spans without being read. Pure.

A span is a slice of the bytes that came: nothing is turned into objects and back, and members that this
version does not know stay where they are. Fields: opentelemetry/proto/collector/trace/v1 and trace/v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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


class Group:
    """The spans of one scope of one resource, each as the bytes of its message.

    Args:
        resource: the bytes of its Resource.
        spans: in their order.
        around: what stands before and behind the one span in a ScopeSpans of its own: the scope's field and
            its schema.
        around_scope: likewise before and behind the ScopeSpans: the resource's field and its schema.

    Attributes:
        resource: as given.
        spans: as given.
    """

    __slots__ = ("_heads", "_inner", "_inner_before", "_outer", "_outer_before", "_tail", "resource", "spans")

    def __init__(
        self,
        resource: bytes,
        spans: list[bytes],
        around: tuple[bytes, bytes],
        around_scope: tuple[bytes, bytes],
    ) -> None:
        self.resource = resource
        self.spans = spans
        # Each message has a tag of one byte before its length.
        self._inner = len(around[0]) + 1 + len(around[1])
        self._outer = len(around_scope[0]) + 1 + len(around_scope[1])
        self._inner_before = around[0] + b"\x12"
        self._outer_before = around_scope[0] + b"\x12"
        self._tail = around[1] + around_scope[1]
        self._heads: dict[int, bytes] = {}

    def wrap(self, span: bytes) -> bytes:
        """A request that holds this span alone; such requests joined end to end are again a request."""
        size = len(span)
        head = self._heads.get(size)
        if head is None:
            head = self._heads[size] = self._head(size)
        return b"".join((head, span, self._tail)) if self._tail else head + span

    def _head(self, size: int) -> bytes:
        """What stands before a span of so many bytes."""
        head = varint(size)
        inner = self._inner + len(head) + size
        inner_head = varint(inner)
        outer = varint(self._outer + len(inner_head) + inner)
        return b"".join((b"\x0a", outer, self._outer_before, inner_head, self._inner_before, head))


def groups(body: bytes) -> Iterator[Group]:
    """Cuts an `ExportTraceServiceRequest`.

    Raises:
        WireError: it cannot be cut.
    """
    for number, start, end in _fields(body, 0, len(body)):
        if number == _FIRST:
            yield from _groups_of(body, start, end)


def _groups_of(body: bytes, start: int, end: int) -> Iterator[Group]:
    resource = schema = b""
    scopes: list[tuple[int, int]] = []
    for number, at, stop in _fields(body, start, end):
        if number == _FIRST:
            # A message that comes twice is merged, which joining its bytes does.
            resource += body[at:stop]
        elif number == _SECOND:
            scopes.append((at, stop))
        elif number == _THIRD:
            schema = body[at:stop]
    around_scope = _field(_FIRST, resource), _field(_THIRD, schema)
    for scope_start, scope_end in scopes:
        scope = scope_schema = b""
        spans: list[bytes] = []
        for number, at, stop in _fields(body, scope_start, scope_end):
            if number == _SECOND:
                spans.append(body[at:stop])
            elif number == _FIRST:
                scope += body[at:stop]
            elif number == _THIRD:
                scope_schema = body[at:stop]
        yield Group(resource, spans, (_field(_FIRST, scope), _field(_THIRD, scope_schema)), around_scope)


def _fields(data: bytes, position: int, end: int) -> list[tuple[int, int, int]]:
    """Number, start and end of the fields of a message that are bytes or messages; others are passed over."""
    found: list[tuple[int, int, int]] = []
    while position < end:
        tag, position = varint_at(data, position)
        kind = tag & 7
        if kind == BYTES:
            length, position = varint_at(data, position)
            following = position + length
            if following > end:
                raise WireError(f"a field of {length} bytes has only {end - position}")
            found.append((tag >> 3, position, following))
            position = following
        elif kind == VARINT:
            _, position = varint_at(data, position)
        elif kind in FIXED_SIZES:
            position += FIXED_SIZES[kind]
        else:
            raise WireError(f"there is no wire type {kind} here")
        if tag >> 3 == 0:
            raise WireError("there is no field 0")
    if position > end:
        raise WireError("it ends within a number")
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
