"""A file that comes piece by piece, made plain piece by piece: gzip, zstd or neither, by its first bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

import zstandard

from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP_MARK, _ZSTD_MARK = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GZIP = zlib.MAX_WBITS | 16
_MAX_ZSTD_WINDOW = 8 << 20
# So much comes out at once at most, whatever a few bytes unfold to.
_STEP_OUT = 1 << 20
_ZSTD_STEP_IN = 1 << 10


class _Form(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...
    def check_end(self) -> None: ...


class Unpacker:
    """Takes a file's bytes in any pieces, gives its plain bytes in small ones."""

    def __init__(self) -> None:
        self._first = b""
        self._form: _Form | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unfold to.

        Raises:
            BadRequestError: they are not what the first bytes said.
        """
        if self._form is None:
            self._first += data
            if len(self._first) < len(_ZSTD_MARK):
                return
            data, self._form = self._first, _form(self._first)
        yield from self._form.feed(data)

    def finish(self) -> Iterator[bytes]:
        """What is left when no more comes.

        Raises:
            BadRequestError: the file ends too early.
        """
        if self._form is None:
            if self._first.startswith(_GZIP_MARK):
                raise _too_early("gzip")
            yield self._first
        else:
            self._form.check_end()


def _form(first: bytes) -> _Form:
    if first.startswith(_GZIP_MARK):
        return _Gzip()
    return _Zstd() if first.startswith(_ZSTD_MARK) else _Plain()


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _STEP_OUT):
            yield data[start : start + _STEP_OUT]

    def check_end(self) -> None:
        """It may end anywhere."""


class _Gzip:
    def __init__(self) -> None:
        self._reader = zlib.decompressobj(_GZIP)
        self._is_between = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._is_between:
                # Several members, one after the other, are one file.
                self._reader, self._is_between = zlib.decompressobj(_GZIP), False
            try:
                yield self._reader.decompress(data, _STEP_OUT)
            except zlib.error as error:
                raise _wrong("gzip", error) from error
            self._is_between = self._reader.eof
            data = self._reader.unused_data if self._reader.eof else self._reader.unconsumed_tail

    def check_end(self) -> None:
        if not self._is_between:
            raise _too_early("gzip")


class _Zstd:
    def __init__(self) -> None:
        self._reader = _zstd_reader()

    def feed(self, data: bytes) -> Iterator[bytes]:
        position = 0
        while position < len(data):
            if self._reader.eof:
                self._reader = _zstd_reader()
            # The library gives all that a step holds at once, so steps are small.
            step = data[position : position + _ZSTD_STEP_IN]
            try:
                yield self._reader.decompress(step)
            except zstandard.ZstdError as error:
                raise _wrong("zstd", error) from error
            position += len(step) - len(self._reader.unused_data)

    def check_end(self) -> None:
        if not self._reader.eof:
            raise _too_early("zstd")


def _zstd_reader() -> zstandard.ZstdDecompressionObj:
    return zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).decompressobj()


def _wrong(form: str, error: Exception) -> BadRequestError:
    return BadRequestError(f"The file begins as {form} and then is none: {error}.")


def _too_early(form: str) -> BadRequestError:
    return BadRequestError(f"The {form} file ends too early: a part of it was lost on the way.")
