"""Many rows by few statements: whatever their number, all of them and each once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from outcrop_server.storage.sqlite.bulk import Inserts, Lookup

NUMBERS = [0, 1, 2, 7, 8, 9, 31, 41, 127, 128, 129, 300]


@pytest.mark.parametrize("count", NUMBERS)
def test_all_rows_are_inserted_in_their_order_by_few_statements(count: int) -> None:
    statements: list[str] = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE pair (a, b)")
        connection.set_trace_callback(statements.append)
        values = [value for number in range(count) for value in (number, f"b{number}")]
        Inserts("INSERT INTO pair (a, b) VALUES", 2).run(connection, values)
        connection.set_trace_callback(None)
        found = connection.execute("SELECT a, b FROM pair ORDER BY rowid").fetchall()
    assert found == [(number, f"b{number}") for number in range(count)]
    assert len(statements) <= count // 128 + 3 + 3 + 7


@pytest.mark.parametrize("count", NUMBERS)
def test_rows_are_found_by_any_number_of_keys_each_once(count: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE pair (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID")
        # Every second key that is asked for is there, and others are, too.
        connection.executemany("INSERT INTO pair VALUES (?, ?)", [(n, -n) for n in range(0, 700, 2)])
        by_one = Lookup("SELECT a FROM pair WHERE a IN").run(connection, list(range(count)))
        keys = [value for number in range(count) for value in (number, -number)]
        by_two = Lookup("SELECT a, b FROM pair WHERE (a, b) IN", 2).run(connection, keys)
    assert sorted(by_one) == [(number,) for number in range(0, count, 2)]
    assert sorted(by_two) == [(number, -number) for number in range(0, count, 2)]


def test_values_are_bound_as_they_are_when_binding_is_quick() -> None:
    # In a process of its own, since it is told for all of one.
    program = """
import sqlite3
from outcrop_server.storage.sqlite.bulk import bind_quickly
asked = "SELECT ?1, typeof(?1), ?2, typeof(?2), ?3, typeof(?3), ?4, typeof(?4), ?5, typeof(?5)"
values = (None, b"\\0\\xff", True, 2**63 - 1, "text")
with sqlite3.connect(":memory:") as connection:
    before = connection.execute(asked, values).fetchone()
    bind_quickly()
    assert connection.execute(asked, values).fetchone() == before
    print(before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    types = (None, "null", b"\0\xff", "blob", 1, "integer", 2**63 - 1, "integer", "text", "text")
    assert done.stdout.strip() == repr(types)
