"""Large binaries: compressed and hashed on their way in, put back into payloads on their way out. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import zstandard

from outcrop_server.model.errors import DamagedError
from outcrop_server.storage.binaries import as_it_was, cuts, whole, without

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEVEL = 3
# Reading what hardly shrank would cost decompressing for nothing.
_WORTH_IT = 0.95


class NewBlob(NamedTuple):
    """A binary on its way into the database; `content` may be compressed, `sha256` and `size` are without."""

    sha256: bytes
    size: int
    is_compressed: bool
    content: bytes


class Taken(NamedTuple):
    """A binary that was taken out.

    Attributes:
        place: where it is to be put back, among bytes that hold no binary.
        is_base64: whether it stood there as base64.
        blob: the binary.
    """

    place: int
    is_base64: bool
    blob: NewBlob


class BlobUse(NamedTuple):
    """A binary that a frame lacks: by which of its spans, and what and where in the frame."""

    span: int
    taken: Taken


class Separator:
    """Takes large binaries out of the payloads of one batch; each is compressed once.

    Attributes:
        compressor: for all of the batch; making one takes longer than compressing a small frame.
    """

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._blobs: dict[bytes, NewBlob] = {}

    def separate(self, payload: bytes) -> tuple[bytes, list[Taken]]:
        """What is left of a payload, and what was taken out of it, in its order."""
        found = cuts(payload)
        if not found:
            return payload, []
        taken: list[Taken] = []
        gone = 0
        for cut in found:
            taken.append(Taken(cut.start - gone, cut.form == "base64", self._blob(cut.content)))
            gone += cut.end - cut.start
        return without(payload, found), taken

    def _blob(self, content: bytes) -> NewBlob:
        digest = hashlib.sha256(content).digest()
        known = self._blobs.get(digest)
        if known is None:
            compressed = self.compressor.compress(content)
            is_worth_it = len(compressed) < len(content) * _WORTH_IT
            known = NewBlob(digest, len(content), is_worth_it, compressed if is_worth_it else content)
            self._blobs[digest] = known
        return known


def whole_of(rest: bytes, offset: int, rows: Iterable[tuple[Any, ...]]) -> bytes:
    """A span's payload as it was appended.

    Args:
        rest: its part of a frame.
        offset: where that begins.
        rows: of each binary that it lacks its place in the frame, whether it stood there as base64, and
            then as `content_of` takes it.

    Raises:
        DamagedError: a binary of it is not there, or cannot be read.
    """
    return whole(
        rest,
        (
            (place - offset, as_it_was("base64" if is_base64 else "as it came", content_of(*stored)))
            for place, is_base64, *stored in rows
        ),
    )


def content_of(size: int | None, is_compressed: int | None, content: bytes | None) -> bytes:
    """A binary from the columns of its row, which are None where there is no row.

    Raises:
        DamagedError: it is not there, or cannot be read.
    """
    if size is None or content is None:
        raise _damaged("it is not there")
    try:
        plain = zstandard.ZstdDecompressor().decompress(content) if is_compressed else content
    except zstandard.ZstdError as error:
        raise _damaged(str(error)) from error
    if len(plain) != size:
        raise _damaged(f"it has {len(plain)} bytes instead of {size}")
    return plain


def _damaged(fault: str) -> DamagedError:
    return DamagedError(
        f"A large binary of this payload is damaged in the store and cannot be read: {fault}. "
        "`outcrop db check` says what else is."
    )
