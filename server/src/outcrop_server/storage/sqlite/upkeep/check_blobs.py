"""Checks large binaries: each use for its binary and its place, each binary for its use and its bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from outcrop_server.model.errors import DamagedError
from outcrop_server.storage.common.blobs import content_of
from outcrop_server.storage.sqlite.upkeep.opening import snapshot

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_USES = (
    (
        "binary {} is not there; frame {} lacks it",
        "SELECT blob_id, payload_id FROM blob_use WHERE blob_id NOT IN (SELECT blob_id FROM blob)",
    ),
    (
        "binary {} is used by nothing",
        "SELECT blob_id FROM blob WHERE blob_id NOT IN (SELECT blob_id FROM blob_use)",
    ),
    (
        "binary {} has a place in frame {} where no span of its trace lies",
        """SELECT blob_id, payload_id FROM blob_use WHERE NOT EXISTS (
            SELECT 1 FROM span
            WHERE span.trace_key = blob_use.trace_key AND span.payload_id = blob_use.payload_id
            AND place > payload_offset AND place <= payload_offset + payload_length)""",
    ),
)
_IDS = "SELECT blob_id FROM blob"
_BLOB = "SELECT size, is_compressed, content, sha256 FROM blob WHERE blob_id = ?"


def check_blobs(connection: sqlite3.Connection) -> Iterator[str]:
    """A sentence for each fault."""
    with snapshot(connection):
        faults = [words.format(*found) for words, query in _USES for found in connection.execute(query)]
        blob_ids = [blob_id for (blob_id,) in connection.execute(_IDS)]
    yield from faults
    for blob_id in blob_ids:
        found = connection.execute(_BLOB, (blob_id,)).fetchone()
        # Else it was deleted meanwhile.
        if found is not None:
            fault = _fault(*found)
            if fault is not None:
                yield f"binary {blob_id} {fault}"


def _fault(size: int, is_compressed: int, content: bytes, sha256: bytes) -> str | None:
    try:
        plain = content_of(size, is_compressed, content)
    except DamagedError as error:
        return f"cannot be read ({error.__cause__ or 'its size is wrong'})"
    if hashlib.sha256(plain).digest() != sha256:
        return "has other bytes than when it was written"
    return None
