"""The index of words in ClickHouse: filled by one server at a time, killed, lost, left behind."""

# ruff: noqa: S608 - put together from constants only.

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from outcrop.filter.ast import Comparison, Operator
from outcrop.filter.fields import WORDS
from outcrop_server.model.errors import UnavailableError
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.clickhouse import leases
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.changes import FORGOTTEN
from outcrop_server.storage.clickhouse.client import Client, encoded
from outcrop_server.storage.clickhouse.lives import HOME, Home
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.clickhouse.words import filler, gathering, lease, waiting
from outcrop_server.storage.clickhouse.words.asking import Asking, Trace
from outcrop_server.storage.clickhouse.words.waiting import read_state, read_waiting
from outcrop_server.storage.clickhouse.words.word_index import WordIndex
from outcrop_server.storage.common import filler_apart, filling
from outcrop_server.storage.common.wanted import IN_WORDS, words_wanted
from server.tests.support.spans import trace_id
from server.tests.support.texts import saying

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse

_DAY_NS = 86_400 * 10**9
_FILLS = """
import sys, time
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.clickhouse.store import ClickhouseStore

def slowly(payload):
    print("read", flush=True)
    time.sleep(0.05)
    return read_text(payload)

store = ClickhouseStore(sys.argv[1], read_text=slowly)
store.start_filling()
sys.stdin.read()
"""


@pytest.fixture
def uri(clickhouse: Clickhouse) -> Iterator[str]:
    made = clickhouse.new_database()
    yield made
    clickhouse.drop(made)


def opened(uri: str) -> ClickhouseStore:
    return ClickhouseStore(uri, gather_s=0.0, patience_s=0.5, is_durable=False)


@pytest.fixture
def store(uri: str) -> Iterator[ClickhouseStore]:
    with closing(opened(uri)) as one:
        yield one


@pytest.fixture
def client(uri: str) -> Iterator[Client]:
    with closing(Client(read_address(uri))) as one:
        yield one


@pytest.fixture
def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches look into no payloads of traces that wait: what is found, the index knows."""
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SETTLE_S", 0.0)
    monkeypatch.setattr(filler, "_POLL_S", 0.05)
    monkeypatch.setattr(filling, "LATER_S", 0.1)


def asking_of(client: Client) -> Asking:
    return Asking(WordIndex(client), read_waiting(client, read_state(client)))


class Clock:
    """Stands for the module `time`."""

    now_ns = 0
    passed_s = 0.0

    def time_ns(self) -> int:
        return self.now_ns

    def monotonic(self) -> float:
        return self.passed_s


def comparing(words: str) -> Comparison:
    return Comparison(WORDS, Operator.CONTAINS, words)


def told(client: Client, words: str) -> set[int]:
    """The numbers of the traces that the index knows to have words, by each way it is asked."""
    rows = client.query(f"SELECT {HOME}, span_count FROM trace FINAL")
    traces = [Trace(Home(*row[:-1]), row[-1]) for row in rows]
    wanted = words_wanted(words)
    asking = asking_of(client)
    comparison = comparing(words)
    condition = asking.condition(comparison) or "true"
    by_condition = {row[0] for row in client.query(f"SELECT trace_id FROM trace FINAL WHERE {condition}")}
    known = {key for key, value in asking.known(wanted, IN_WORDS, traces).items() if value is not False}
    assert by_condition == known
    return {int.from_bytes(each, "big") for each in known}


def until_nothing_waits(store: ClickhouseStore) -> None:
    ends = time.monotonic() + 60
    while store.words_waiting():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.usefixtures("_blind")
def test_the_index_alone_answers_once_it_is_filled(store: ClickhouseStore, client: Client) -> None:
    store.append([saying(1, "blue 京都"), saying(2, "red")]).result()
    assert (told(client, "blue"), store.words_waiting()) == (set(), 2)
    store.fill_words()
    assert (told(client, "blue"), told(client, "lu"), told(client, "京都")) == ({1}, {1}, {1})
    assert store.words_waiting() == 0
    store.append([saying(3, "blue"), saying(4, "green", trace=1)]).result()
    # What is known of a trace that waits is better than nothing.
    assert (told(client, "blue"), store.words_waiting()) == ({1}, 2)
    store.fill_words()
    assert (told(client, "green"), told(client, "blue"), store.words_waiting()) == ({1}, {1, 3}, 0)
    assert asking_of(client).condition(comparing("nowhere")) == "false"


def test_what_waits_is_looked_at(store: ClickhouseStore, client: Client) -> None:
    store.append([saying(1, "blue"), saying(2, "red")]).result()
    store.fill_words()
    store.append([saying(3, "blue"), saying(4, "green", trace=2)]).result()
    assert asking_of(client).waiting.looked_at == {trace_id(2), trace_id(3)}
    assert told(client, "blue") == {1, 2, 3}
    assert store.words_waiting() == 0


@pytest.mark.usefixtures("_blind")
def test_words_of_a_deleted_life_are_not_those_of_the_next(store: ClickhouseStore, client: Client) -> None:
    store.append([saying(1, "first"), saying(2, "second secret")]).result()
    store.fill_words()
    store.delete_traces([trace_id(2)]).result()
    assert told(client, "secret") == set()
    # At the same place, so that its row replaces the other.
    store.append([saying(2, "third")]).result()
    assert (told(client, "secret"), store.words_waiting()) == (set(), 1)
    store.fill_words()
    assert (told(client, "secret"), told(client, "third"), told(client, "first")) == (set(), {2}, {1})


@pytest.mark.usefixtures("_blind")
def test_a_slow_server_hides_nothing_newer(
    store: ClickhouseStore, uri: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([saying(1, "early")]).result()
    insert = Client.insert
    late: list[bytes] = []

    def slowly(self: Client, table: str, block: bytes, token: str = "") -> None:
        if table == "words":
            late.append(block)
        else:
            insert(self, table, block, token)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "insert", slowly)
        store.fill_words()
    store.append([saying(2, "late", trace=1)]).result()
    with closing(opened(uri)) as other:
        other.fill_words()
    for block in late:
        client.insert("words", block)
    client.command("OPTIMIZE TABLE words FINAL")
    assert (told(client, "late"), told(client, "early")) == ({1}, {1})


@pytest.mark.usefixtures("_blind", "_at_once")
def test_who_fills_in_the_background_gives_way_before_each_span(
    store: ClickhouseStore, client: Client
) -> None:
    gave: list[str] = []
    store.append([saying(number, "blue") for number in range(1, 6)]).result()
    store.start_filling(lambda: gave.append(threading.current_thread().name))
    until_nothing_waits(store)
    assert told(client, "blue") == {1, 2, 3, 4, 5}
    assert gave == ["outcrop-words"] * 5


@pytest.mark.usefixtures("_blind")
def test_a_trace_that_changes_is_read_when_it_was_left_alone(
    store: ClickhouseStore, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(gathering, "time", clock)
    store.append([saying(1, "one")]).result()
    # Ten seconds after this, what comes now has not been left alone for so long.
    clock.now_ns = time.time_ns() + 10 * 10**9
    store.append([saying(2, "two", trace=1), saying(3, "three")]).result()
    steps = gathering.Gathering(client, 10.0)
    begun = waiting.State(0, 0)
    step = steps.step(begun, None)
    assert (step.due, step.state.change > 0) == ([], True)
    clock.passed_s = 200.0
    assert [each.home.trace_id for each in steps.step(begun, None).due] == [trace_id(1)]
    clock.now_ns = time.time_ns() + 10 * 10**9
    due = steps.step(step.state, None).due
    assert {(each.home.trace_id, each.span_count) for each in due} == {(trace_id(1), 2), (trace_id(3), 1)}


@pytest.mark.usefixtures("_blind", "_at_once")
def test_of_two_servers_one_fills_and_the_other_follows_when_it_is_gone(
    store: ClickhouseStore, uri: str, client: Client
) -> None:
    filled: list[str] = []
    store.start_filling(lambda: filled.append("first"))
    store.append([saying(1, "one")]).result()
    until_nothing_waits(store)
    with closing(opened(uri)) as other:
        with pytest.raises(UnavailableError, match="Another server"):
            other.fill_words()
        other.start_filling(lambda: filled.append("second"))
        other.append([saying(2, "two")]).result()
        until_nothing_waits(other)
        store.close()
        other.append([saying(3, "three")]).result()
        until_nothing_waits(other)
        assert told(client, "three") == {3}
    assert filled == ["first", "first", "second"]


@pytest.mark.usefixtures("_blind", "_at_once")
def test_a_killed_servers_filling_goes_on_in_another_one(
    store: ClickhouseStore, uri: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([saying(number, f"said {number}") for number in range(1, 31)]).result()
    child = subprocess.Popen(  # noqa: S603 - Python itself
        [sys.executable, "-c", _FILLS, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(8):
        assert child.stdout.readline() == "read\n"
    with pytest.raises(UnavailableError, match="Another server"):
        store.fill_words()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    # As if its time were over.
    now_of = leases.now_of

    def later(client: Client) -> int:
        return now_of(client) + lease.LEASE_NS

    monkeypatch.setattr(lease, "now_of", later)
    store.fill_words()
    assert told(client, "said") == set(range(1, 31))
    assert store.words_waiting() == 0


@pytest.mark.usefixtures("_blind")
def test_what_was_there_before_is_filled_from_its_newest_days_down(
    store: ClickhouseStore, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_STEP", 2)
    today_ns = time.time_ns() // _DAY_NS * _DAY_NS
    for number in range(1, 11):
        span = saying(number, f"said {number}")
        start_ns = today_ns - number // 4 * _DAY_NS if number < 10 else 5
        row = span.row._replace(start_time_ns=start_ns, end_time_ns=start_ns + 5)
        store.append([span._replace(row=row)])
    store.append([]).result()
    store.append([saying(10, "again")]).result()
    store.fill_words()
    assert told(client, "said") == set(range(1, 11))
    # As after a restored backup: nobody knows what changed.
    client.command("TRUNCATE TABLE words")
    client.command("TRUNCATE TABLE change")
    client.command("TRUNCATE TABLE record")
    assert (told(client, "said"), store.words_waiting()) == (set(), 10)
    swept: list[int] = []
    step = gathering.Gathering.step

    def watched(self: Any, state: Any, sweep: Any) -> Any:
        found = step(self, state, sweep)
        swept.extend(each.home.day for each in found.due)
        return found

    monkeypatch.setattr(gathering.Gathering, "step", watched)
    store.fill_words()
    assert swept == sorted(swept, reverse=True)
    assert told(client, "said") == set(range(1, 11))
    assert store.words_waiting() == 0


@pytest.mark.usefixtures("_blind")
def test_a_damaged_index_is_made_anew(store: ClickhouseStore, client: Client) -> None:
    store.append([saying(1, "blue")]).result()
    store.fill_words()
    client.command("TRUNCATE TABLE words")
    assert store.words_waiting() == 0
    finder = filler.Filler(client, read_text, lambda: False)
    finder.report_damage()
    finder.fill()
    assert (told(client, "blue"), store.words_waiting()) == ({1}, 0)


@pytest.mark.usefixtures("_blind", "_at_once")
def test_a_process_of_its_own_fills_and_ends_with_the_store(
    uri: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filler_apart, "_FIRST_S", 0.0)
    with closing(ClickhouseStore(uri, gather_s=0.0, is_durable=False, fills_apart=True)) as store:
        apart: Any = vars(store)["_filler"]
        store.append([saying(1, "blue")]).result()
        store.start_filling()
        until_nothing_waits(store)
        assert told(client, "blue") == {1}
        child = apart.process_id
        assert isinstance(child, int)
        os.kill(child, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    # It has given back the lease.
    with closing(opened(uri)) as other:
        other.fill_words()


@pytest.mark.usefixtures("_blind")
def test_where_changes_were_forgotten_all_traces_are_compared(store: ClickhouseStore, client: Client) -> None:
    store.append([saying(1, "blue")]).result()
    store.fill_words()
    store.append([saying(2, "blue")]).result()
    client.command("TRUNCATE TABLE change")
    last = store.last_change().number
    forgotten = encoded("record", [("meta", FORGOTTEN, last, 0, str(last))])
    client.insert("record", forgotten)
    store.fill_words()
    assert told(client, "blue") == {1, 2}
