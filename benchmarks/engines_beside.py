"""What does a million spans cost in each engine: to take in, to keep, and for every question of the list?

SQLite in a file, PostgreSQL (a server of its own on this machine, with a gigabyte of shared buffers, and
durable), and ClickHouse's engine (chDB behind the tests' small HTTP server, durable, too): filled by one
process, then served, each question asked as `million_spans.py` asks it, with nothing coming in. Then spans
come in over HTTP, four senders a server: into one server over the file, into one and into two over each
database, and into these once more while the index of words is not filled, in turn, three rounds each. Two
cores have it all: senders, servers, who fills the index, and databases. OUTCROP_BENCHMARK_SPANS says how
many (1,000,000), OUTCROP_BENCHMARK_ENGINES which (SQLite,PostgreSQL,ClickHouse).
"""

from __future__ import annotations

import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import million_spans
from _million import RARE, fill
from ingest_rate import batches_of, cpu_s, send

from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.clickhouse import Clickhouse
from server.tests.support.postgres import Postgres

SPANS = int(os.environ.get("OUTCROP_BENCHMARK_SPANS", "1000000"))
ENGINES = os.environ.get("OUTCROP_BENCHMARK_ENGINES", "SQLite,PostgreSQL,ClickHouse").split(",")
SENT = 48_000
SENDERS_EACH, ROUNDS, SIZE = 4, 3, 512
PORTS = (5198, 5199)
# How many servers, and whether one of them fills the index of words meanwhile.
WAYS = ((1, True), (2, True), (1, False), (2, False))
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


class Rate(NamedTuple):
    """Spans a second, and CPU a span of the servers and of the database, in microseconds."""

    spans_a_second: float
    servers_us: float
    database_us: float


@contextmanager
def serving(store: str, folder: str, ports: tuple[int, ...]) -> Generator[list[int]]:
    """So many servers over a store; gives their process ids."""
    outcrop = Path(sys.executable).with_name("outcrop")
    servers = [
        subprocess.Popen(  # noqa: S603
            [str(outcrop), "server", "--port", str(port), "--store", store, "--log-level", "warning"],
            env={**os.environ, "OUTCROP_SPOOL_DIR": f"{folder}/spool"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for port in ports
    ]
    for server in servers:
        assert server.stdout is not None
        server.stdout.readline()
    try:
        yield [server.pid for server in servers]
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.communicate()


def filled(name: str, store: TraceStore, database: Database | None) -> None:
    """Puts the spans in, and tells what that took."""
    began, cpu = time.perf_counter(), time.process_time()
    of_database = 0.0 if database is None else database.cpu_s()
    fill(store, SPANS)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    theirs = 0.0 if database is None else database.cpu_s() - of_database
    print(
        f"{name}: {SPANS / seconds:,.0f} spans/s by one process, which makes them, too; CPU a span "
        f"{used / SPANS * 1e6:.0f} us there, {theirs / SPANS * 1e6:.0f} in the database; "
        f"{store.used_bytes() / SPANS:,.0f} bytes a span by its own account",
        flush=True,
    )


def asked(name: str, store: str, folder: str) -> dict[str, float]:
    """Every question, in milliseconds."""
    million_spans.MEASURED.clear()
    with serving(store, folder, PORTS[:1]):
        began = time.perf_counter()
        while million_spans.Asking().search(filter=RARE, max_results=1)["words_waiting"]:
            time.sleep(5)
        print(f"{name}: {time.perf_counter() - began:.0f} s until every word is indexed", flush=True)
        time.sleep(5)
        million_spans.ask_all(million_spans.Asking())
    return dict(million_spans.MEASURED)


def children_of(parents: list[int]) -> list[int]:
    """The ids of the processes that some have started."""
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    return [int(stat.split()[0]) for stat in stats if int(stat.rpartition(")")[2].split()[1]) in parents]


@contextmanager
def paused(servers: list[int]) -> Generator[None]:
    """Within it, the processes that fill the index of words stand still; each server has one, soon."""
    while len(fillers := children_of(servers)) < len(servers):
        time.sleep(0.1)
    for filler in fillers:
        os.kill(filler, signal.SIGSTOP)
    try:
        yield
    finally:
        for filler in fillers:
            os.kill(filler, signal.SIGCONT)


def taken_in(
    store: str, folder: str, servers: int, first: int, database: Database | None, *, has_words: bool
) -> Rate:
    """How fast spans come in, by so many servers; `first` makes them new."""
    batches, count = batches_of(SIZE, SENT, first=first), SENDERS_EACH * servers
    with serving(store, folder, PORTS[:servers]) as process_ids:
        for port in PORTS[:servers]:
            send(port, batches_of(SIZE, 8 * SIZE, first=first + 10 * SENT + port))
        with nullcontext() if has_words else paused(process_ids):
            before = sum(map(cpu_s, process_ids))
            of_database = 0.0 if database is None else database.cpu_s()
            began = time.perf_counter()
            senders = [
                threading.Thread(target=send, args=(PORTS[at % servers], batches[at::count]))
                for at in range(count)
            ]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            seconds = time.perf_counter() - began
            used = sum(map(cpu_s, process_ids)) - before
            theirs = 0.0 if database is None else database.cpu_s() - of_database
    return Rate(SENT / seconds, used / SENT * 1e6, theirs / SENT * 1e6)


class Database(Protocol):
    """A server of a database's."""

    def cpu_s(self) -> float:
        """CPU seconds of its processes so far."""
        ...


class Engine(NamedTuple):
    """An engine, the place of its store, and how that is opened here."""

    name: str
    place: str
    open: Callable[[], TraceStore]
    database: Database | None


def engines_of(folder: str, ending: ExitStack) -> list[Engine]:
    """Those that are asked for, each with an empty store."""
    engines: list[Engine] = []
    if "SQLite" in ENGINES:
        file = f"{folder}/traces.db"
        engines.append(Engine("SQLite", file, lambda: SqliteStore(Path(file)), None))
    if "PostgreSQL" in ENGINES:
        postgres = ending.enter_context(Postgres(is_durable=True, settings=SETTINGS))
        uri = postgres.new_database()
        engines.append(Engine("PostgreSQL", uri, lambda: PostgresStore(uri), postgres))
    if "ClickHouse" in ENGINES:
        clickhouse = ending.enter_context(Clickhouse())
        address = clickhouse.new_database()
        engines.append(Engine("ClickHouse", address, lambda: ClickhouseStore(address), clickhouse))
    return engines


def main() -> None:
    """Prints all side by side."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        engines = engines_of(folder, ending)
        for engine in engines:
            with closing(engine.open()) as store:
                filled(engine.name, store, engine.database)
        answers = {engine.name: asked(engine.name, engine.place, folder) for engine in engines}
        print(" ".join(f"{engine.name:>10}" for engine in engines), " 95th percentile of 40, ms")
        for question in answers[engines[0].name]:
            times = " ".join(f"{answers[engine.name][question]:10.1f}" for engine in engines)
            print(f"{times}  {question}", flush=True)
        rounds: dict[str, list[Rate]] = {}
        first = 0
        for _ in range(ROUNDS):
            for engine in engines:
                for servers, has_words in WAYS[:1] if engine.database is None else WAYS:
                    first += 20 * SENT
                    rate = taken_in(
                        engine.place, folder, servers, first, engine.database, has_words=has_words
                    )
                    way = f"{engine.name}, {servers} server(s){'' if has_words else ', no words filled'}"
                    rounds.setdefault(way, []).append(rate)
        for name, values in rounds.items():
            rate, ours, theirs = map(statistics.median, zip(*values, strict=True))
            print(f"{name}: {rate:,.0f} spans/s, CPU {ours:.0f} us a span, {theirs:.0f} in the database")


if __name__ == "__main__":
    try:
        main()
    except http.client.HTTPException as error:
        sys.exit(f"A server hung up: {error}")
