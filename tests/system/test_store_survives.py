"""What happens to a store: servers killed, disks full, files damaged, two servers, clocks that go back."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from outcrop_server.embedded import EmbeddedStore
from outcrop_server.otlp.parse import parse_stored
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.checks import run_checks
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from server.tests.support.binaries import base64_of
from server.tests.support.binaries import kept as blobs_of
from server.tests.support.http import ask, send
from server.tests.support.process import address, log_lines, outcrop
from server.tests.support.spans import otlp_span, request, span_id, trace_id
from server.tests.support.stores import fill, trace_request

ROUNDS = 20 if os.environ.get("OUTCROP_LONG_TESTS") else 5
SENDERS = 4
SPANS = 8
IMAGES = 5
QUIET = ("--log-level", "warning", "--slow-request-ms", "3600000")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills, and changes other processes' limits")


class Load:
    """Sends batches to servers, as often as it takes, and remembers what was acknowledged.

    Half of a batch goes into a trace of its own, the other half into one that many batches share. One span
    of each half holds a large binary, one of a few that come again and again.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._unanswered: list[int] = []
        self.acknowledged: set[int] = set()

    @contextmanager
    def on(self, *urls: str) -> Generator[Callable[[int], None], None, None]:
        """Sends from several threads until the servers are gone; gives what waits for so many answers."""
        answered = threading.Semaphore(0)

        def run(url: str) -> None:
            while True:
                with self._lock:
                    number = self._unanswered.pop() if self._unanswered else next(self._numbers)
                try:
                    status = send(url, batch(number)).status
                except (OSError, HTTPException):
                    status = 0
                with self._lock:
                    if status != 200:
                        # It may be kept all the same: it is sent again, and must not be there twice.
                        self._unanswered.append(number)
                    else:
                        self.acknowledged.add(number)
                answered.release()
                if status == 0:
                    return

        senders = [threading.Thread(target=run, args=(url,)) for url in urls for _ in range(SENDERS)]
        for sender in senders:
            sender.start()

        def wait_for(answers: int) -> None:
            for _ in range(answers):
                assert answered.acquire(timeout=120)

        try:
            yield wait_for
        finally:
            for sender in senders:
                sender.join()


def batch(number: int) -> bytes:
    return request(
        *(
            otlp_span(
                number * SPANS + place,
                trace=trace_id(number if place % 2 else 10**9 + number % 7),
                attributes={"outcrop.span.inputs": content(number, place)},
            )
            for place in range(SPANS)
        )
    )


def content(number: int, place: int) -> str:
    """What a span holds."""
    text = f"{number}/{place} " * 40
    return (
        text if place > 1 else f"{text} data:image/png;base64,{base64_of(number % IMAGES, 15_000).decode()}"
    )


def assert_sound(file: Path) -> None:
    with reading_newest(file) as connection:
        results = run_checks(connection)
    assert [(result.check.name, result.faults) for result in results if result.faults] == []


def assert_there(file: Path, numbers: set[int]) -> None:
    """Each span of these batches is there and readable, none twice."""
    with closing(SqliteStore(file)) as store:
        kept: list[bytes] = []
        for row in store.experiments():
            after = None
            while page := store.oldest(row.name, after, 500):
                after = page[-1].position
                for old in page:
                    spans = store.spans(old.trace_id)
                    kept.extend(span.span_id for span in spans)
                    payloads = [parse_stored(each) for each in store.payloads(old.trace_id)]
                    assert len(payloads) == len(spans)
                    for each in payloads:
                        number, place = divmod(int.from_bytes(each.span_id, "big"), SPANS)
                        assert each.attributes["outcrop.span.inputs"] == content(number, place)
    assert len(kept) == len(set(kept))
    assert blobs_of(file).count <= IMAGES
    wanted = {span_id(number * SPANS + place) for number in numbers for place in range(SPANS)}
    assert wanted - set(kept) == set()


def store_of(home: Path) -> Path:
    return home / "data" / "outcrop" / "outcrop.db"


def test_servers_that_are_killed_under_load_lose_nothing_that_they_acknowledged(tmp_path: Path) -> None:
    load = Load()
    for turn in range(ROUNDS):
        with outcrop(tmp_path, "server", "--port", "0", *QUIET) as server:
            with load.on(address(server)) as wait_for:
                # At another moment each time.
                wait_for(20 + 7 * turn)
                server.kill()
            server.wait(120)
        assert_sound(store_of(tmp_path))
    assert len(load.acknowledged) >= 20 * ROUNDS // 2
    assert_there(store_of(tmp_path), load.acknowledged)


def test_two_servers_under_load_of_which_one_stops_and_one_is_killed_lose_nothing(tmp_path: Path) -> None:
    load = Load()
    arguments = ("server", "--port", "0", *QUIET)
    with outcrop(tmp_path, *arguments) as one, outcrop(tmp_path, *arguments) as two:
        urls = address(one), address(two)
        with load.on(*urls) as wait_for:
            wait_for(100)
            # The other's log must stay, although this one merges and leaves.
            one.terminate()
            assert one.wait(120) == 0
            wait_for(60)
            with outcrop(tmp_path, *arguments) as three, load.on(address(three)) as wait_for_third:
                wait_for_third(60)
                two.kill()
                wait_for_third(20)
                three.kill()
    assert len(load.acknowledged) > 150
    assert_sound(store_of(tmp_path))
    assert_there(store_of(tmp_path), load.acknowledged)


def test_a_program_that_opens_a_store_twice_keeps_its_locks(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(EmbeddedStore(file)) as first:
        first.accept(trace_request(1))
        EmbeddedStore(file).close()
        # Another process comes and goes. It must see that the file is in use, and leave the log.
        command = [sys.executable, "-m", "outcrop_server.cli.main", "db", "compact", "--full", "--store"]
        told = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        assert told.returncode == 1
        assert "is in use by another process" in told.stderr
        first.accept(trace_request(2))
    with closing(SqliteStore(file)) as store:
        assert len(store.spans(trace_id(1))) == len(store.spans(trace_id(2))) == 5
    assert_sound(file)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_full_disk_is_told_nothing_is_lost_and_it_goes_on_when_there_is_room(
    tmp_path: Path, end: signal.Signals
) -> None:
    import resource  # noqa: PLC0415 - not on every system

    kept: set[int] = set()
    numbers = itertools.count(1)
    with outcrop(tmp_path, "server", "--port", "0") as server:
        url = address(server)
        _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        for _ in range(2):
            # No file of the server may become larger than this: to it the same as a disk that is full.
            size = sum(path.stat().st_size for path in store_of(tmp_path).parent.iterdir())
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size + 1_000_000, most))
            while (answer := send(url, batch(number := next(numbers)))).status == 200:
                kept.add(number)
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert "could not write" in answer.detail
            assert ask(url, f"/api/traces/{trace_id(max(kept)).hex()}").status == 200
            assert ask(url, "/readyz").status == 503
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
            assert send(url, batch(number)).status == 200
            kept.add(number)
            assert ask(url, "/readyz").status == 200
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, most))
        assert send(url, batch(next(numbers))).status == 503
        # With no room to merge the log it ends all the same, and the log keeps what it holds.
        server.send_signal(end)
        _, errors = server.communicate(timeout=120)
    assert server.returncode == (0 if end == signal.SIGTERM else -end)
    assert any("could not be stored" in line["message"] for line in log_lines(errors))
    assert len(kept) > 10
    assert_there(store_of(tmp_path), kept)
    assert_sound(store_of(tmp_path))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    file = store_of(tmp_path)
    file.parent.mkdir(parents=True)
    fill(file, 40)
    return file


# Within the first page: magic, page size, versions of the format, text encoding, and the tables' own tree.
@pytest.mark.parametrize("place", [(0, 16), (16, 2), (18, 2), (20, 4), (44, 4), (56, 4), (100, 8), (103, 2)])
def test_a_damaged_beginning_is_told_and_nothing_is_overwritten(
    tmp_path: Path, store: Path, place: tuple[int, int]
) -> None:
    offset, length = place
    damaged = bytearray(store.read_bytes())
    for each in range(offset, offset + length):
        damaged[each] ^= 0xFF
    store.write_bytes(damaged)
    with outcrop(tmp_path, "server", "--port", "0") as server:
        _, errors = server.communicate(timeout=120)
    assert server.returncode == 1
    assert str(store) in errors
    assert "Traceback" not in errors
    assert store.read_bytes() == bytes(damaged)
    with outcrop(tmp_path, "db", "check") as check:
        _, errors = check.communicate(timeout=120)
    assert check.returncode == 1
    assert str(store) in errors
    assert "Traceback" not in errors


def test_no_tables_in_a_file_full_of_pages_is_no_new_store(tmp_path: Path, store: Path) -> None:
    damaged = bytearray(store.read_bytes())
    # The tree of tables says that it is an empty leaf.
    damaged[100] = 13
    damaged[103:105] = b"\0\0"
    store.write_bytes(damaged)
    with outcrop(tmp_path, "server", "--port", "0") as server:
        _, errors = server.communicate(timeout=120)
    assert server.returncode == 1
    assert "pages that are in use: its beginning is damaged" in errors
    assert store.read_bytes() == bytes(damaged)


def test_a_damaged_page_is_told_to_who_reads_it_and_senders_are_not_blamed(
    tmp_path: Path, store: Path
) -> None:
    page = 8192
    fill(store, 60, first=50, text_bytes=20_000)
    damaged = bytearray(store.read_bytes())
    # Of the first pages a server reads some at its start; those behind hold frames and rows.
    for start in range(len(damaged) // page // 2 * page, len(damaged), page):
        damaged[start : start + 300] = b"\xff" * 300
    store.write_bytes(damaged)
    with outcrop(tmp_path, "server", "--port", "0") as server:
        url = address(server)
        answers = [
            ask(url, f"/api/traces/{trace_id(number).hex()}/spans/{span_id(number * 100 + 1).hex()}")
            for number in range(1, 110)
        ]
        told = [answer for answer in answers if answer.status not in {200, 404}]
        assert told
        assert {answer.status for answer in told} == {500}
        assert all("`outcrop db check`" in answer.detail for answer in told)
        sent = [send(url, trace_request(number)) for number in range(200, 240)]
        # Kept, or to be sent again: never refused for good.
        assert {answer.status for answer in sent} <= {200, 503}
        server.kill()
    with outcrop(tmp_path, "db", "check", "--json") as check:
        output, errors = check.communicate(timeout=120)
    assert check.returncode == 1
    assert "Traceback" not in errors
    assert output.startswith('{"store"') or "damaged" in errors


def test_after_a_clock_was_set_back_order_and_ids_stay_right(tmp_path: Path) -> None:
    back = (
        "import time; real, seconds = time.time_ns, time.time\n"
        "time.time_ns = lambda: real() - 10**18; time.time = lambda: seconds() - 10**9\n"
        "from outcrop_server.cli.main import main; main()"
    )
    source = b'{"type": "HUMAN", "id": "me"}'
    feedback = b'{"kind": "feedback", "name": "NAME", "value": true, "source": ' + source + b"}"
    path = f"/api/traces/{trace_id(1).hex()}/assessments"
    for turn, start in enumerate((None, back)):
        with outcrop(tmp_path, "server", "--port", "0", program=start) as server:
            url = address(server)
            assert send(url, trace_request(1 + turn, f"E{turn}")).status == 200
            body = feedback.replace(b"NAME", b"n%d" % turn)
            answer = ask(url, path, method="POST", body=body, headers={"content-type": "application/json"})
            assert answer.status == 201, answer.body
            listed = ask(url, "/api/traces").json["traces"]
            assert [each["trace_id"] for each in listed] == [
                trace_id(number).hex() for number in range(1 + turn, 0, -1)
            ]
    judged = json.loads(ask_store(store_of(tmp_path), path))["assessments"]
    # In the order in which they came, whatever the clock said.
    assert [each["name"] for each in judged] == ["n0", "n1"]
    assert int(judged[0]["created_at_ns"]) > int(judged[1]["created_at_ns"])
    assert judged[0]["assessment_id"] != judged[1]["assessment_id"]
    assert_sound(store_of(tmp_path))


def ask_store(file: Path, path: str) -> bytes:
    with closing(EmbeddedStore(file)) as store:
        status, body = store.ask("GET", path, None)
    assert status == 200
    return body
