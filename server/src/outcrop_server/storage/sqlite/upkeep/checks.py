"""The checks of a store, one a row: what `outcrop db check` does. Each reads alone, beside a running server.

A further check is a further row: a name, what it looks at, and a function from a connection to sentences.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.sqlite.rollup_rows import check as check_rollups
from outcrop_server.storage.sqlite.upkeep import check_tables
from outcrop_server.storage.sqlite.upkeep.check_blobs import check_blobs
from outcrop_server.storage.sqlite.upkeep.check_traces import check_traces
from outcrop_server.storage.sqlite.upkeep.opening import snapshot
from outcrop_server.storage.sqlite.upkeep.words import check_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Check(NamedTuple):
    """A check.

    Attributes:
        name: a word, for the table and JSON.
        words: what it looks at.
        run: gives a sentence for each fault that it finds. It may be long, and takes snapshots as it needs.
    """

    name: str
    words: str
    run: Callable[[sqlite3.Connection], Iterable[str]]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found.

    Attributes:
        check: which.
        faults: the first faults that it found, a sentence each; none if all is right.
        has_more: whether it was stopped there.
    """

    check: Check
    faults: list[str]
    has_more: bool = False


def _at_one_moment(
    run: Callable[[sqlite3.Connection], Iterable[str]],
) -> Callable[[sqlite3.Connection], Iterable[str]]:
    def at_one_moment(connection: sqlite3.Connection) -> Iterable[str]:
        with snapshot(connection):
            yield from run(connection)

    return at_one_moment


CHECKS: tuple[Check, ...] = (
    Check("file", "SQLite's pages, tables, indices and references", check_tables.check_file),
    Check("traces", "frames, spans, payloads and summaries", check_traces),
    Check("orphans", "what belongs to nothing", _at_one_moment(check_tables.check_orphans)),
    Check("experiments", "the counts of each experiment", _at_one_moment(check_tables.check_experiments)),
    Check("tree", "which spans' parents have not come", _at_one_moment(check_tables.check_tree)),
    Check("changes", "the numbers by which changes are followed", _at_one_moment(check_tables.check_changes)),
    Check("terms", "the index of words by which searches find", _at_one_moment(check_tables.check_terms)),
    Check("rollups", "the sums of charts and sessions", _at_one_moment(check_rollups)),
    Check("blobs", "large binaries and their uses", check_blobs),
    Check("words", "the index of words in payloads", check_words),
)


def run_checks(
    connection: sqlite3.Connection,
    *,
    max_faults: int = 20,
    checks: Sequence[Check] = CHECKS,
    on_check: Callable[[Check], None] | None = None,
) -> list[CheckResult]:
    """Runs checks one after the other; damage that stops one stops no other.

    Args:
        connection: one that reads; see `opening.reading_newest`.
        max_faults: a check is stopped when it has found so many.
        checks: which.
        on_check: told of each when it begins.
    """
    results: list[CheckResult] = []
    for check in checks:
        if on_check is not None:
            on_check(check)
        results.append(_run(check, connection, max_faults))
    return results


def _run(check: Check, connection: sqlite3.Connection, max_faults: int) -> CheckResult:
    faults: list[str] = []
    try:
        for fault in check.run(connection):
            if len(faults) == max_faults:
                return CheckResult(check, faults, has_more=True)
            faults.append(fault)
    except sqlite3.DatabaseError as error:
        faults.append(f"could not be looked at to the end: {error}")
    return CheckResult(check, faults)
