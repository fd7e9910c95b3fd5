"""What a ClickHouse cluster is told: the parser reads it, and Keeper is stood in for. None runs here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from outcrop_server.storage.clickhouse import committer
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.schema import TABLES, statements
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.clickhouse.turns import KeeperTurns
from server.tests.support.clickhouse_checks import faults, spans_of
from server.tests.support.spans import new_span

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse


@pytest.fixture
def uri(clickhouse: Clickhouse) -> Iterator[str]:
    made = clickhouse.new_database()
    yield made
    clickhouse.drop(made)


def test_every_statement_of_a_cluster_is_one_to_the_parser(uri: str) -> None:
    with closing(Client(read_address(uri))) as client:
        for statement in statements(database="outcrop", cluster="main"):
            client.command(f"EXPLAIN AST {statement}")
        with pytest.raises(DatabaseError):
            client.command("EXPLAIN AST CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER")


def test_what_is_large_is_cut_into_shards_by_trace_and_what_decides_lies_on_every_node() -> None:
    made = list(statements(database="outcrop", cluster="main"))
    for name, table in TABLES.items():
        own = [each for each in made if each.startswith(f"CREATE TABLE IF NOT EXISTS {name}_local ")]
        if table.is_sharded:
            (local,) = own
            assert f"/clickhouse/tables/{{shard}}/{{database}}/{name}_local" in local
            assert f"Distributed('main', currentDatabase(), '{name}_local', cityHash64(trace_id))" in "".join(
                made
            )
        else:
            assert own == []
    assert {name for name, table in TABLES.items() if not table.is_sharded} == {
        *("record", "log", "assessment", "session", "rollup", "change", "blob", "blob_use", "doomed")
    }
    assert all("ON CLUSTER 'main'" in each for each in made)
    # A row is acknowledged when it is on the disk.
    assert all("fsync_after_insert = 1" in each for each in made if "MergeTree" in each and "AS " not in each)


def test_commits_whose_turns_keeper_decides_lose_nothing(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Client(read_address(uri))) as client:
        # Of rows with one key it keeps the first, as Keeper does.
        client.command(
            "CREATE TABLE turn (key String, kind String, writer UInt64) ENGINE = Join(ANY, LEFT, key)"
        )
    monkeypatch.setattr(committer, "LogTurns", KeeperTurns)
    ends = KeeperTurns.end
    voided: list[int] = []

    def overtaken(turns: KeeperTurns, number: int, kind: str, writer: int, body: bytes) -> object:
        # Another server has lost patience with the third commit.
        if number == 3 and kind == "done" and not voided:
            voided.append(number)
            ends(turns, number, "void", writer + 1, b"")
        return ends(turns, number, kind, writer, body)  # type: ignore[arg-type]

    monkeypatch.setattr(KeeperTurns, "end", overtaken)
    with (
        closing(ClickhouseStore(uri, gather_s=0.0, is_durable=False)) as one,
        closing(ClickhouseStore(uri, gather_s=0.0, is_durable=False)) as other,
    ):

        def append(number: int) -> Future[int]:
            return (one, other)[number % 2].append([new_span(number), new_span(number + 1)])

        # One after the other, so that each is a commit; then whoever is first.
        kept = sum(append(number).result() for number in range(1, 5))
        kept += sum(each.result() for each in [append(number) for number in range(5, 9)])
        assert kept == 9
    assert voided == [3]
    assert len(spans_of(uri)) == 9
    assert faults(uri) == []
