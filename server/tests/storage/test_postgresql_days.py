"""Days that a PostgreSQL store deletes whole, by dropping their partitions."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from outcrop_server.configuration.retention import Age, Limits, RetentionRules
from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.postgresql import day_removal
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.partitions import read_parts
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.upkeep.retention import Removed, Retention, RetentionPolicy
from server.tests.support.annotations import judgement
from server.tests.support.binaries import turn
from server.tests.support.postgres import Postgres
from server.tests.support.postgres_checks import faults
from server.tests.support.spans import model_call, trace_id

DAY_NS = 86_400 * 10**9
TODAY = time.time_ns() // DAY_NS
MODELS = ("claude", "nova", "llama")


@pytest.fixture
def uri(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def store(uri: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(uri)) as opened:
        yield opened


def call_on(day: int, number: int, **changes: Any) -> NewSpan:
    """The one call of a trace, somewhere on a day."""
    start_ns = day * DAY_NS + number * 7_919_000_000_000 % DAY_NS
    return model_call(
        number,
        trace=trace_id(number),
        start_time_ns=start_ns,
        end_time_ns=start_ns + number * 1000,
        **changes,
    )


def numbers_of(store: PostgresStore) -> set[int]:
    """The numbers of the traces that are there."""
    return {int.from_bytes(each.row.trace_id, "big") for each in store.traces(None, None, 10_000)}


def test_what_is_left_is_summed_up_as_if_the_day_had_never_been(uri: str, store: PostgresStore) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    days: dict[int, int] = {}
    waiting: list[Future[int]] = []
    for number in range(1, 301):
        days[number] = TODAY - chance.randrange(2, 8)
        span = call_on(
            days[number],
            number,
            experiment=f"E{number % 3}",
            session_id=chance.choice([None, "one", f"of {days[number]}", f"s{number % 17}"]),
            model=chance.choice(MODELS),
            status=chance.choice(["OK", "ERROR"]),
            parent=999 if number % 5 == 0 else None,
            payload=turn(number, number % 3) if number % 20 == 0 else b"{}",
        )
        waiting.append(store.append([span]))
    assert [each.result() for each in waiting] == [1] * 300
    for number in range(1, 301, 7):
        store.add_assessment(judgement(number, trace=trace_id(number))).result()
    with_file = min(number for number, day in days.items() if day == TODAY - 7)
    place = DocumentKey("attachments", "picture")
    file = Document(place, f"E{with_file % 3}", b"content", trace_id(with_file))
    assert store.put_document(file).result()
    oldest, stays_ns = TODAY - 7, (TODAY - 4) * DAY_NS
    for day in range(oldest, TODAY - 4):
        assert day in read_parts_of(uri)
        gone = store.delete_day({f"E{number}": stays_ns for number in range(3)})
        assert gone == Counter(f"E{number % 3}" for number, at in days.items() if at == day)
        assert day not in read_parts_of(uri)
        assert faults(uri) == []
    assert store.delete_day({f"E{number}": stays_ns for number in range(3)}) == {}
    assert numbers_of(store) == {number for number, day in days.items() if day >= TODAY - 4}
    # How much that gave back is told where room is asked for.
    assert store.give_back(1 << 30) > 0
    assert store.document(place) is None


def read_parts_of(uri: str) -> list[int]:
    with open_writer(uri) as connection:
        return read_parts(connection)


def test_a_day_that_somebody_reads_stays_whole_and_goes_later(
    uri: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_removal, "_PAUSE_S", 0.01)
    monkeypatch.setattr(day_removal, "_PATIENCE", "10ms")
    store.append([call_on(TODAY - 9, number) for number in range(1, 9)]).result()
    until = {"Default": (TODAY - 1) * DAY_NS}
    with open_writer(uri) as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM trace")
        assert store.delete_day(until) == {}
        # Whoever else comes is served meanwhile.
        assert len(numbers_of(store)) == 8
        assert store.append([call_on(TODAY, 100)]).result() == 1
    assert faults(uri) == []
    assert store.delete_day(until) == {"Default": 8}
    assert faults(uri) == []


def test_a_day_stays_whose_tables_are_free_only_after_some_tries(
    uri: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([call_on(TODAY - 9, 1)]).result()
    with open_writer(uri) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM trace")

        def end_reading(_seconds: float) -> None:
            reader.execute("COMMIT")

        # The reader ends where the one who drops pauses.
        monkeypatch.setattr("time.sleep", end_reading)
        assert store.delete_day({"Default": TODAY * DAY_NS}) == {"Default": 1}
    assert faults(uri) == []


def test_what_a_wild_clock_put_elsewhere_keeps_its_day(uri: str, store: PostgresStore) -> None:
    store.append([call_on(TODAY - 9, 1), call_on(TODAY - 8, 2)]).result()
    with open_writer(uri) as connection, connection.transaction():
        # As if this trace had come before its day was near.
        for table in ("trace", "span", "payload", "trace_home", "trace_change"):
            connection.execute(f"UPDATE {table} SET part = 0 WHERE trace_key = 1".encode())  # noqa: S608 - ours
        connection.execute("UPDATE part_use SET trace_count = 0, kept_bytes = 0")
    store.append([call_on(TODAY - 9, 3), call_on(TODAY - 8, 4)]).result()
    assert store.delete_day({"Default": TODAY * DAY_NS}) == {"Default": 2}
    assert numbers_of(store) == {1, 3}


def removed_by(store: PostgresStore, now_ns: int, age: str, *rules: str) -> Counter[tuple[str, str]]:
    """What retention removes; it says so before."""
    policy = RetentionPolicy(
        Limits(age_s=Age().read(age)), RetentionRules().read(",".join(rules)) if rules else ()
    )
    retention = Retention(store, policy, lambda: now_ns)
    said = Counter((each.trace.experiment, each.limit) for each in retention.expired())
    removed = Removed()
    retention.run(threading.Event(), removed)
    assert removed.traces == said
    return removed.traces


def test_long_ages_end_with_a_day_and_short_ones_to_the_moment(uri: str, store: PostgresStore) -> None:
    noon_ns = TODAY * DAY_NS + DAY_NS // 2
    for number, experiment in enumerate(("A", "B", "kept", "A"), start=1):
        for day in range(20):
            at_ns = (TODAY - day) * DAY_NS + number
            span = model_call(day, trace=trace_id(100 * number + day), start_time_ns=at_ns, end_time_ns=at_ns)
            store.append([span._replace(experiment=experiment)]).result()
    assert removed_by(store, noon_ns, "10d", "kept: keep", "B: age=12d") == {
        ("A", "age"): 18,
        ("B", "age"): 7,
    }
    # Of eleven days ago nothing of A's is there, all of ten days ago is: its last moment is too young.
    assert {number % 100 for number in numbers_of(store) if number < 200} == set(range(11))
    assert faults(uri) == []
    assert removed_by(store, noon_ns, "10d", "kept: age=9d") == {("B", "age"): 2, ("kept", "age"): 10}
    assert TODAY - 11 not in read_parts_of(uri)
    assert faults(uri) == []
    assert removed_by(store, noon_ns, "6d") == Counter(
        {("A", "age"): 10, ("B", "age"): 5, ("kept", "age"): 4}
    )
    assert faults(uri) == []


def test_spans_that_come_meanwhile_are_there_once_or_went_with_their_day(
    uri: str, store: PostgresStore
) -> None:
    others = [PostgresStore(uri) for _ in range(3)]
    until = {"Default": (TODAY - 15) * DAY_NS}

    def write(place: int) -> set[int]:
        chance = random.Random(place)  # noqa: S311 - no secret
        of_today: set[int] = set()
        for number in range(1000 * place, 1000 * place + 40):
            day = TODAY if number % 4 == 0 else TODAY - chance.randrange(20, 25)
            session = f"s{number % 5}"
            assert others[place].append([call_on(day, number, session_id=session)]).result() == 1
            if day == TODAY:
                of_today.add(number)
            elif number % 3 == 0:
                # It may be gone already: then this begins it anew.
                late = call_on(day, 500_000 + number, session_id=session)
                assert others[place].append([late._replace(trace_id=trace_id(number))]).result() == 1
        return of_today

    gone = 0
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(write, place) for place in range(3)]
        while not all(each.done() for each in running):
            gone += sum(store.delete_day(until).values())
    assert faults(uri) == []
    while more := sum(store.delete_day(until).values()):
        gone += more
    assert faults(uri) == []
    # All that came is there, or was told to be gone; some of it twice, since it came anew.
    of_today = set[int]().union(*(each.result() for each in running))
    assert numbers_of(store) == of_today
    assert gone >= 120 - len(of_today)
    for each in others:
        each.close()
