"""Large binaries in the database: written, let go of, and put back into payloads.

A binary that is about to be used is locked, so that whoever takes its last use away leaves it where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common.blobs import whole_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.storage.common.blobs import BlobUse, NewBlob
    from outcrop_server.storage.postgresql.connections import Connection

_INSERT = """
    INSERT INTO blob (experiment_id, sha256, size, is_compressed, content) VALUES (%s, %s, %s, %s, %b)
    ON CONFLICT (experiment_id, sha256) DO NOTHING
"""
_LOCK = """
    SELECT experiment_id, sha256, blob_id FROM blob
    WHERE (experiment_id, sha256) IN (SELECT * FROM unnest(%s::bigint[], %s::bytea[]))
    ORDER BY experiment_id, sha256 FOR KEY SHARE
"""
_INSERT_USES = """
    INSERT INTO blob_use (trace_key, frame_number, number, place, is_base64, blob_id) SELECT * FROM
    unnest(%s::bigint[], %s::integer[], %s::integer[], %s::bigint[], %s::boolean[], %s::bigint[])
"""
_DELETE_USES = "DELETE FROM blob_use WHERE trace_key = ANY(%s::bigint[]) RETURNING blob_id"
# Under the lock of what is shared no use can come to be seen; who is about to make one holds the row.
_DELETE_UNUSED = """
    DELETE FROM blob WHERE blob_id IN (
        SELECT blob_id FROM blob WHERE blob_id = ANY(%s::bigint[])
            AND NOT EXISTS (SELECT 1 FROM blob_use WHERE blob_use.blob_id = blob.blob_id)
        FOR UPDATE SKIP LOCKED)
"""
SELECT_PLACES = "SELECT place FROM blob_use WHERE trace_key = %s AND frame_number = %s"
# A place belongs to the payload that it lies behind the first byte of.
_SELECT_PARTS = """
    SELECT place, is_base64, size, is_compressed, content FROM blob_use LEFT JOIN blob USING (blob_id)
    WHERE trace_key = %s AND frame_number = %s AND place > %s AND place <= %s ORDER BY number
"""
_TRIES = 20

BlobKey = tuple[int, bytes]


class FrameUses(NamedTuple):
    """The binaries that a frame lacks."""

    uses: Sequence[BlobUse]
    trace_key: int
    frame_number: int
    experiment_id: int


def write_uses(connection: Connection, frames: Sequence[FrameUses]) -> None:
    """Writes what frames lack; to be called in the frames' own transaction."""
    blobs: dict[BlobKey, NewBlob] = {
        (frame.experiment_id, use.taken.blob.sha256): use.taken.blob for frame in frames for use in frame.uses
    }
    numbers = _locked(connection, blobs)
    rows = [
        (
            frame.trace_key,
            frame.frame_number,
            number,
            use.taken.place,
            use.taken.is_base64,
            numbers[frame.experiment_id, use.taken.blob.sha256],
        )
        for frame in frames
        for number, use in enumerate(frame.uses)
    ]
    if rows:
        connection.execute(_INSERT_USES, [list(column) for column in zip(*rows, strict=True)])


def _locked(connection: Connection, blobs: dict[BlobKey, NewBlob]) -> dict[BlobKey, int]:
    """The numbers of binaries, which stay until the transaction ends; those that are not there are made."""
    numbers: dict[BlobKey, int] = {}
    for _ in range(_TRIES):
        left = sorted(blobs.keys() - numbers.keys())
        if not left:
            return numbers
        keys = [list(column) for column in zip(*left, strict=True)]
        numbers |= {(row[0], row[1]): row[2] for row in connection.execute(_LOCK, keys)}
        for key in left:
            if key not in numbers:
                connection.execute(_INSERT, (key[0], *blobs[key]))
    raise AssertionError("A binary was deleted again and again while it was made.")


def take_uses(connection: Connection, trace_keys: Sequence[int]) -> set[int]:
    """Deletes the uses by some traces; returns the numbers of what they used."""
    return {number for (number,) in connection.execute(_DELETE_USES, (list(trace_keys),))}


def delete_unused(connection: Connection, blob_ids: Iterable[int]) -> None:
    """Deletes those binaries that nobody uses; to be called under the lock of what is shared."""
    connection.execute(_DELETE_UNUSED, (sorted(blob_ids),))


def whole_payload(
    connection: Connection, trace_key: int, frame_number: int, offset: int, rest: bytes
) -> bytes:
    """A span's payload as it was appended.

    Args:
        connection: within the snapshot in which the frame was read.
        trace_key: of the trace.
        frame_number: of the frame within the trace.
        offset: where the span's part of the frame begins.
        rest: this part.

    Raises:
        DamagedError: a binary of it is not there, or cannot be read.
    """
    values = (trace_key, frame_number, offset, offset + len(rest))
    rows: list[tuple[Any, ...]] = connection.execute(_SELECT_PARTS, values).fetchall()
    return whole_of(rest, offset, rows) if rows else rest
