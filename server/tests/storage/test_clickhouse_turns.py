"""What a commit asks of ClickHouse, and what its claim says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.sequencer import Claim, Sequencer
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.clickhouse.turns import LogTurns
from server.tests.support.spans import new_span, trace_id

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse


@pytest.fixture
def uri(clickhouse: Clickhouse) -> Iterator[str]:
    made = clickhouse.new_database()
    yield made
    clickhouse.drop(made)


def _apply_nothing(number: int, body: bytes, started_s: int) -> None:
    del number, body, started_s


def test_a_commit_asks_whose_turn_it_is_for_its_traces_and_how_it_ended(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ClickhouseStore(uri, gather_s=0.0, is_durable=False)
    store.append([new_span(1)]).result()
    asked: list[str] = []
    query = Client.query

    def noted(client: Client, statement: str, *rest: Any, **named: Any) -> Any:
        asked.append(statement)
        return query(client, statement, *rest, **named)

    monkeypatch.setattr(Client, "query", noted)
    store.append([new_span(1, trace=trace_id(2))]).result()
    store.close()
    whose_turn, traces, ended = asked
    assert "kind = 'claim'" in whose_turn
    assert "FROM trace_home" in traces
    assert "'done'" in ended


def test_a_claim_that_was_wrong_of_the_databases_start_comes_to_nothing(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ClickhouseStore(uri, is_durable=False).close()
    client = Client(read_address(uri))
    sequencer = Sequencer(client, LogTurns(client), _apply_nothing)
    started_s = sequencer.started_at_s()
    # As if it had been started anew since it was asked.
    monkeypatch.setattr(sequencer, "started_at_s", lambda: 1)
    number = sequencer.claim()
    log = client.query("SELECT number, kind, body FROM log ORDER BY number, kind", raw=True)
    client.close()
    assert [(each, kind) for each, kind, _ in log] == [
        (number - 1, "claim"),
        (number - 1, "void"),
        (number, "claim"),
    ]
    assert abs(Claim.read(log[-1][2]).started_at_s - started_s) <= 1
    assert sequencer.claimed_start_s == Claim.read(log[-1][2]).started_at_s


def test_that_the_database_was_started_anew_is_asked_again_when_something_is_done_again(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ClickhouseStore(uri, is_durable=False).close()
    client = Client(read_address(uri))
    sequencer = Sequencer(client, LogTurns(client), _apply_nothing)
    assert sequencer.done(sequencer.claim(), b"")
    monkeypatch.setattr(sequencer, "started_at_s", lambda: 1)
    assert sequencer.is_of_this_start(sequencer.claimed_start_s)
    assert not sequencer.is_of_this_start(sequencer.claimed_start_s)
    client.close()


def test_the_log_of_commits_is_told_as_part_of_the_database_and_not_as_a_write_ahead_log(uri: str) -> None:
    with closing(ClickhouseStore(uri, gather_s=0.0, is_durable=False)) as store:
        store.append([new_span(1)]).result()
        assert store.health().file_bytes.keys() == {"database"}
