"""Large binaries in the database: written, and put back into payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.common.blobs import whole_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from outcrop_server.storage.common.blobs import BlobUse, NewBlob

_FIND = "SELECT blob_id FROM blob WHERE experiment_id = ? AND sha256 = ?"
_INSERT = "INSERT INTO blob (experiment_id, sha256, size, is_compressed, content) VALUES (?, ?, ?, ?, ?)"
_INSERT_USE = (
    "INSERT INTO blob_use (payload_id, number, place, is_base64, blob_id, trace_key) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
SELECT_PLACES = "SELECT place FROM blob_use WHERE payload_id = ?"
# A place belongs to the payload that it lies behind the first byte of.
_SELECT_PARTS = (
    "SELECT place, is_base64, size, is_compressed, content FROM blob_use LEFT JOIN blob USING (blob_id) "
    "WHERE payload_id = ? AND place > ? AND place <= ? ORDER BY number"
)


def write_uses(
    connection: sqlite3.Connection,
    uses: Iterable[BlobUse],
    *,
    payload_id: int,
    trace_key: int,
    experiment_id: int,
) -> None:
    """Writes what a frame lacks; to be called in the frame's own transaction."""
    for number, (_, taken) in enumerate(uses):
        blob_id = _blob_id(connection, taken.blob, experiment_id)
        connection.execute(
            _INSERT_USE, (payload_id, number, taken.place, taken.is_base64, blob_id, trace_key)
        )


def _blob_id(connection: sqlite3.Connection, blob: NewBlob, experiment_id: int) -> int:
    found = connection.execute(_FIND, (experiment_id, blob.sha256)).fetchone()
    if found is not None:
        return int(found[0])
    return int(connection.execute(_INSERT, (experiment_id, *blob)).lastrowid or 0)


def whole_payload(connection: sqlite3.Connection, payload_id: int, offset: int, rest: bytes) -> bytes:
    """A span's payload as it was appended.

    Args:
        connection: within the snapshot in which the frame was read.
        payload_id: of the frame.
        offset: where the span's part of the frame begins.
        rest: this part.

    Raises:
        DamagedError: a binary of it is not there, or cannot be read.
    """
    rows = connection.execute(_SELECT_PARTS, (payload_id, offset, offset + len(rest))).fetchall()
    return whole_of(rest, offset, rows) if rows else rest
