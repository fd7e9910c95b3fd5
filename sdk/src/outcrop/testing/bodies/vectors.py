"""Vectors that depend on the input alone: equal inputs have equal vectors, and that is all they mean."""

from __future__ import annotations

import hashlib
import math

_LARGEST_DIMENSIONS = 4096
_BYTE = 256


def usable_dimensions(asked: object, default: int) -> int:
    """The size that was asked for, if a vector can have it."""
    is_usable = isinstance(asked, int) and 0 < asked <= _LARGEST_DIMENSIONS
    return asked if isinstance(asked, int) and is_usable else default


def unit_vector(text: str, dimensions: int) -> list[float]:
    """A vector of length 1."""
    data = hashlib.shake_128(text.encode()).digest(dimensions)
    raw = [byte - 127.5 for byte in data]
    norm = math.hypot(*raw)
    return [round(number / norm, 8) for number in raw]


def signs(vector: list[float]) -> list[int]:
    """A bit for each number."""
    return [int(number > 0) for number in vector]


def packed_signs(vector: list[float], *, is_signed: bool) -> list[int]:
    """Eight bits to a number, as Cohere's binary types have them."""
    bits = signs(vector)
    numbers = [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits), 8)]
    return [number - _BYTE // 2 for number in numbers] if is_signed else numbers
