"""The wire form of OTLP's messages, written directly: numbers, strings, and an attribute's value.

The messages are small and fixed, so writing them is faster than building message objects and keeps
protobuf, whose versions clash so easily, out of production programs (ADR 2).
Source: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

_LENGTH = 2  # the wire type of strings, bytes and messages
_ONE_BYTE, _TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = 1 << 7, 1 << 14, 1 << 21, 1 << 28
_INT64_MAX = 2**63
_pack_double = struct.Struct("<d").pack


def varint(value: int) -> bytes:
    """A number, seven bits a byte."""
    if value < _ONE_BYTE:
        return bytes((value,))
    if value < _TWO_BYTES:
        return bytes((value & 0x7F | 0x80, value >> 7))
    # So far no loop: lengths of bodies, and the nanoseconds that a call takes.
    if value < _THREE_BYTES:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    if value < _FOUR_BYTES:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14 & 0x7F | 0x80, value >> 21))
    out = bytearray()
    while value >= _ONE_BYTE:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(field: int, body: bytes) -> bytes:
    """A field that is a message or bytes."""
    return message_head(field, len(body)) + body


def message_head(field: int, length: int) -> bytes:
    """What stands before the `length` bytes of such a field."""
    if length < _ONE_BYTE:
        return bytes((field << 3 | _LENGTH, length))
    return bytes((field << 3 | _LENGTH,)) + varint(length)


def text(field: int, value: str) -> bytes:
    """A field that is a string; half a surrogate pair, which UTF-8 has no form for, becomes `?`."""
    return message(field, value.encode("utf-8", "replace"))


def key_value(field: int, key: str, value: Any) -> bytes:
    """A field that is a KeyValue, such as an attribute."""
    return message(field, encoded_key(key) + message(2, any_value(value)))


def any_value(value: Any) -> bytes:
    """An AnyValue; what OTLP has no form for is kept as text."""
    # bool before int: True is an int to Python.
    if isinstance(value, str):
        return text(1, value)
    if isinstance(value, bytes):
        return message(7, value)
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        if -_INT64_MAX <= value < _INT64_MAX:
            return b"\x18" + varint(value & 0xFFFFFFFFFFFFFFFF)
        return text(1, str(value))
    if isinstance(value, float):
        return b"\x21" + _pack_double(value)
    if isinstance(value, Mapping):
        members = cast("Mapping[Any, Any]", value)
        return message(6, b"".join(key_value(1, str(key), member) for key, member in members.items()))
    if isinstance(value, list | tuple):
        return message(5, b"".join(message(1, any_value(v)) for v in cast("list[Any]", value)))
    return b"" if value is None else text(1, str(value))


class IntAttribute:
    """An attribute that is a number which every span has: all of it but the number is encoded once."""

    def __init__(self, field: int, key: str) -> None:
        """`field` is that of the KeyValue."""
        name = encoded_key(key)
        # A number takes one to ten bytes; each length has a head of its own.
        self._heads = [
            message_head(field, len(name) + 3 + size) + name + bytes((0x12, 1 + size, 0x18))
            for size in range(11)
        ]

    def encode(self, value: int) -> bytes:
        """The attribute with a number of at most 64 bits."""
        number = varint(value & 0xFFFFFFFFFFFFFFFF)
        return self._heads[len(number)] + number


class TextAttribute:
    """An attribute that is a short text which nearly every span has, such as a request id."""

    def __init__(self, field: int, key: str) -> None:
        """`field` is that of the KeyValue."""
        name = encoded_key(key)
        # AnyValue.string_value is field 1, KeyValue.value field 2. While all lengths are below 128 each takes
        # one byte, and the heads can be written beforehand.
        longest = _ONE_BYTE - len(name) - 5
        self._heads = [
            message_head(field, len(name) + 4 + size) + name + bytes((0x12, 2 + size, 0x0A, size))
            for size in range(longest + 1)
        ]
        self._field, self._key = field, key

    def encode(self, value: str) -> bytes:
        """The attribute with a text."""
        return self.encode_bytes(value.encode("utf-8", "replace"))

    def encode_bytes(self, data: bytes) -> bytes:
        """The attribute with a text in UTF-8."""
        if len(data) < len(self._heads):
            return self._heads[len(data)] + data
        return message(self._field, encoded_key(self._key) + message(2, message(1, data)))


class BytesAttribute:
    """An attribute that is bytes, such as a body: what stands before them, so that they are copied once."""

    def __init__(self, field: int, key: str) -> None:
        """`field` is that of the KeyValue."""
        self._field = field
        self._name = name = encoded_key(key)
        # KeyValue, its value (field 2), and AnyValue.bytes_value (field 7), each with a length of as many
        # bytes: with nearly all bodies these are two or three.
        self._two_bytes_each = struct.Struct(f"<BH{len(name)}sBHBH").pack
        self._tag = field << 3 | _LENGTH
        self._three_bytes_each = bytes((self._tag,)), name + b"\x12"
        self._added = len(name)

    def head(self, length: int) -> bytes:
        """What stands before `length` bytes."""
        if length >= _ONE_BYTE:
            middle = length + 3
            whole = middle + self._added + 3
            if whole < _TWO_BYTES:
                # The upper seven bits of each, doubled, stand in the second byte.
                return self._two_bytes_each(
                    self._tag,
                    whole + (whole & 0x3F80) | 0x80,
                    self._name,
                    0x12,
                    middle + (middle & 0x3F80) | 0x80,
                    0x3A,
                    length + (length & 0x3F80) | 0x80,
                )
            whole += 2
            if length >= _TWO_BYTES and whole < _THREE_BYTES:
                tag, name = self._three_bytes_each
                return b"".join((tag, varint(whole), name, varint(middle + 1), b"\x3a", varint(length)))
        inner = b"\x3a" + varint(length)
        value = message_head(2, len(inner) + length) + inner
        return message_head(self._field, len(self._name) + len(value) + length) + self._name + value


@lru_cache(maxsize=1024)
def encoded_key(key: str) -> bytes:
    """A KeyValue's key. The names of attributes are few, and come again and again."""
    return text(1, key)
