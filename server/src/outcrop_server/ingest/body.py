"""Request bodies: how compressed ones become plain, and how large they may be."""

from __future__ import annotations

import zlib

import zstandard

from outcrop_server.model.errors import (
    BadRequestError,
    TooLargeError,
    UnsupportedMediaError,
)

_MAX_ZSTD_WINDOW = 8 << 20
_ZSTD_STEP = 1 << 10
# zlib's word for "a gzip header must be there".
_GZIP = zlib.MAX_WBITS | 16


def plain(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its content encoding.

    Args:
        body: as it came.
        encoding: value of the Content-Encoding header; empty if there was none.
        max_bytes: most bytes that may come out.

    Raises:
        UnsupportedMediaError: an encoding that is not read here.
        TooLargeError: more comes out.
        BadRequestError: it is not in this encoding.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding == "gzip":
        return _gunzipped(body, max_bytes)
    if encoding == "zstd":
        return _unzstd(body, max_bytes)
    raise UnsupportedMediaError(
        f"Content-Encoding '{encoding[:80]}' is not read here: send gzip, zstd or none."
    )


def too_large(max_bytes: int) -> TooLargeError:
    """The refusal of a body beyond the limit."""
    return TooLargeError(
        f"The body has more than {max_bytes:,} bytes. Send fewer spans at once, "
        "or raise OUTCROP_MAX_BODY_BYTES."
    )


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:  # a gzip body may be several members, one after the other
        reader = zlib.decompressobj(_GZIP)
        try:
            part = reader.decompress(rest, max_bytes - size + 1)
        except zlib.error as error:
            raise BadRequestError(
                f"The body is not gzip, though Content-Encoding says so: {error}."
            ) from error
        size += len(part)
        if size > max_bytes:
            raise too_large(max_bytes)
        if not reader.eof:
            raise BadRequestError("The gzip body ends too early: a part of it was lost on the way.")
        parts.append(part)
        rest = reader.unused_data
    return b"".join(parts)


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:  # several frames, likewise
        # A frame that asks for a larger window than any answer may have is refused before it gets one.
        reader = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).decompressobj()
        position = 0
        try:
            while position < len(rest) and not reader.eof:
                # In small steps, since the library gives all that a step holds at once.
                step = rest[position : position + _ZSTD_STEP]
                part = reader.decompress(step)
                position += len(step)
                size += len(part)
                if size > max_bytes:
                    raise too_large(max_bytes)
                parts.append(part)
        except zstandard.ZstdError as error:
            raise BadRequestError(
                f"The body is not zstd, though Content-Encoding says so: {error}."
            ) from error
        if not reader.eof:
            raise BadRequestError("The zstd body ends too early: a part of it was lost on the way.")
        rest = reader.unused_data + rest[position:]
    return b"".join(parts)
