"""A process that writes to a store and says on its output which spans were acknowledged.

Run as `python writer_process.py FILE FIRST COUNT`: appends COUNT batches of ten spans, or goes on for
ever if COUNT is 0. The trace of a batch is its number, from FIRST; so is every odd span's of batch 0. One
span of each batch holds a large binary, one of a few that come again and again.
"""

from __future__ import annotations

import base64
import itertools
import sys
from pathlib import Path
from random import Random

from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import SpanRow
from outcrop_server.storage.sqlite.store import SqliteStore

SPANS = 10
IMAGES = 3


def batch(number: int) -> list[NewSpan]:
    """Half of the spans go into a trace that all batches share."""
    return [
        NewSpan(
            trace_id=(number if i % 2 else 0).to_bytes(16, "big"),
            row=SpanRow(
                span_id=(number * SPANS + i).to_bytes(8, "big"),
                parent_id=None,
                name="span",
                span_type="UNKNOWN",
                status="OK",
                start_time_ns=number,
                end_time_ns=number + 1,
            ),
            payload=f"{number}/{i} ".encode() * 200 + (_image(number % IMAGES) if i == 1 else b""),
        )
        for i in range(SPANS)
    ]


def _image(number: int) -> bytes:
    return base64.b64encode(Random(number).randbytes(15_000))  # noqa: S311 - no secret


def main() -> None:
    """Writes batches, one acknowledgement a line."""
    store = SqliteStore(Path(sys.argv[1]))
    first, count = int(sys.argv[2]), int(sys.argv[3])
    numbers = range(first, first + count) if count else itertools.count(first)
    for number in numbers:
        store.append(batch(number)).result()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main()
