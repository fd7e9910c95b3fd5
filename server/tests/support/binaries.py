"""Large binaries for tests, and payloads that hold them as an agent's requests do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random

from outcrop_server.storage.sqlite.upkeep.opening import reading_newest, snapshot
from outcrop_server.storage.sqlite.upkeep.stats import BlobStats, read_stats


def image(number: int, size: int = 60_000) -> bytes:
    """Bytes that cannot be compressed, the same for the same number."""
    return Random(number).randbytes(size)  # noqa: S311 - no secret


def base64_of(number: int, size: int = 60_000) -> bytes:
    """The same as base64."""
    return base64.b64encode(image(number, size))


def turn(number: int, *images: int, size: int = 60_000) -> bytes:
    """A request's body with these images in it, and a text that belongs to this turn."""
    content = [{"image": {"source": {"bytes": base64_of(each, size).decode()}}} for each in images]
    messages = [{"role": "user", "content": [*content, {"text": f"And what of turn {number}?"}]}]
    return json.dumps({"messages": messages}).encode()


def kept(file: Path) -> BlobStats:
    """How many binaries a store has, and how often they are used."""
    return read_stats(file).blobs


def rows_of_blobs(file: Path) -> tuple[int, int]:
    """How many binaries and uses there are, whether they fit together or not."""
    with reading_newest(file) as connection, snapshot(connection):
        blobs, uses = (
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            for table in ("blob", "blob_use")
        )
    return int(blobs), int(uses)
