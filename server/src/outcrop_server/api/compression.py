"""Answers that are compressed while they are written, as their asker accepts it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Literal, Protocol

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Encoding = Literal["zstd", "gzip", "identity"]
_GZIP = zlib.MAX_WBITS | 16
_PIECE_BYTES = 256 * 1024
# Fast, since the answer is made once: half of what the best level saves for a tenth of its time.
_GZIP_LEVEL, _ZSTD_LEVEL = 4, 3


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def accepted(header: str | None) -> Encoding:
    """What an Accept-Encoding header asks for, among what is written here; the better of equal ones."""
    weights: dict[str, float] = {}
    for each in (header or "").lower().split(","):
        name, _, weight = each.partition(";")
        weights[name.strip()] = _weight(weight)
    anything = weights.get("*", 0.0)
    encodings: tuple[Encoding, ...] = ("zstd", "gzip")
    best = max(encodings, key=lambda name: weights.get(name, anything))
    return best if weights.get(best, anything) > 0 else "identity"


def compressed(parts: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The parts in larger pieces, compressed."""
    compressor = _compressor(encoding)
    piece = bytearray()
    for part in parts:
        piece += part if compressor is None else compressor.compress(part)
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if compressor is not None:
        piece += compressor.flush()
    if piece:
        yield bytes(piece)


def _compressor(encoding: Encoding) -> _Compressor | None:
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP) if encoding == "gzip" else None


def _weight(text: str) -> float:
    name, _, value = text.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
