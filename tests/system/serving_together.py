"""Two servers over one store, load from Outcrop's SDK and from raw OTLP, and somebody who kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from steady_port import steady_port

from outcrop_server.model.rows import TracePosition
from server.tests.support.process import OUTCROP

if TYPE_CHECKING:
    from outcrop_server.model.rows import StoredTrace
    from outcrop_server.storage.api import TraceStore

SPANS = 20
_PATIENCE_S = 120.0
# At least: one server killed, one stopped; the database restarted as often as the whole test says.
_BLOWS, _RESTARTS = 2, 2
_QUIET = ("--log-level", "warning", "--slow-request-ms", "3600000")
# Traces by name, a few hundred a second, until it is told to end; what it could not deliver is left behind.
_PROGRAM = """
import sys, time, outcrop
name, url, pause_s = sys.argv[1:]
outcrop.set_tracking_uri(url)
outcrop.set_experiment("sdk")
number = 0
while True:
    with outcrop.start_span(f"{name}-{number}"):
        with outcrop.start_span("inner"):
            pass
    number += 1
    print(number, flush=True)
    if sys.stdin in __import__("select").select([sys.stdin], [], [], float(pause_s))[0]:
        break
"""
_LAST_PROGRAM = """
import sys, time, outcrop
from outcrop import runtime
runtime._EXIT_TIMEOUT_S = 60.0
outcrop.set_tracking_uri(sys.argv[1])
outcrop.set_experiment("sdk")
with outcrop.start_span("last"):
    pass
sys.exit(0 if outcrop.flush(60) else 1)
"""


class Server:
    """One of the servers: a process that is killed, or stopped, and started again on its port.

    Args:
        folder: its home.
        store: what `--store` takes.
    """

    def __init__(self, folder: Path, store: str) -> None:
        self.port = steady_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None
        self.faults: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Returns when it listens."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("OUTCROP_")}
        for name in ("CONFIG", "DATA", "STATE"):
            environment[f"XDG_{name}_HOME"] = str(self._folder)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*OUTCROP, "server", "--port", str(self.port), "--store", self._store, *_QUIET],
                env=environment,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _PATIENCE_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The server does not start: {self.log[-3000:]}")
            time.sleep(0.05)

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self._folder / "log").read_text()

    def answers(self) -> bool:
        """Whether it is ready."""
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False

    def end(self, number: int) -> None:
        """Sends a signal, and waits for its end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE_S)
            if number == signal.SIGTERM and self._process.returncode != 0:
                self.faults.append(f"ended with {self._process.returncode}")
            self._process = None


class RawLoad:
    """Programs that send OTLP to either server, and know which spans were acknowledged.

    Args:
        servers: where they send; to the other one after a failure, as behind a load balancer.
        pause_s: between two requests of one sender.
    """

    def __init__(self, servers: tuple[Server, Server], pause_s: float) -> None:
        self._servers = servers
        self._pause_s = pause_s
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(3)]
        self._lock = threading.Lock()
        # By trace, how many spans of it: span ids count from 1.
        self.acknowledged: Counter[bytes] = Counter()
        self.refusals: Counter[str] = Counter()

    def start(self) -> None:
        """Begins to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends when what was begun is acknowledged."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        asked = number
        connection: HTTPConnection | None = None
        for sequence in _forever(self._is_over):
            trace_id = number.to_bytes(4, "big") + sequence.to_bytes(12, "big")
            # A trace comes in two pieces, maybe by two servers, and the second one twice.
            for first, last in ((1, 11), (11, SPANS + 1), (11, SPANS + 1)):
                body = _body(trace_id, first, last)
                while True:
                    server = self._servers[asked % 2]
                    connection = connection or HTTPConnection("127.0.0.1", server.port, timeout=60)
                    try:
                        status = _post(connection, body)
                    except (OSError, HTTPException) as error:
                        status, words = 0, type(error).__name__
                    else:
                        words = str(status)
                    if status == 200:
                        break
                    with self._lock:
                        self.refusals[words] += 1
                    connection.close()
                    connection = None
                    asked += 1
                    time.sleep(0.05)
            with self._lock:
                self.acknowledged[trace_id] = SPANS
            time.sleep(self._pause_s)
        if connection is not None:
            connection.close()


class SdkLoad:
    """Programs with Outcrop's SDK; each sends to one server, and keeps what that does not take.

    Args:
        servers: one program for each.
        folder: where they keep it.
        pause_s: between two traces of a program.
    """

    def __init__(self, servers: tuple[Server, Server], folder: Path, pause_s: float) -> None:
        self._pause_s = pause_s
        self._servers = servers
        self._folder = folder
        self._programs: list[subprocess.Popen[str]] = []
        self.names: set[str] = set()

    def start(self) -> None:
        """Begins to trace."""
        for number, server in enumerate(self._servers):
            self._programs.append(self._program(_PROGRAM, f"program{number}", server.url, str(self._pause_s)))

    def stop(self) -> None:
        """Ends the programs; then one more for each server brings what they left."""
        for number, program in enumerate(self._programs):
            output, errors = program.communicate("\n", timeout=_PATIENCE_S)
            assert program.returncode == 0, errors
            count = int(output.splitlines()[-1])
            self.names |= {f"program{number}-{each}" for each in range(count)}
        for server in self._servers:
            last = self._program(_LAST_PROGRAM, server.url)
            _, errors = last.communicate(timeout=_PATIENCE_S)
            assert last.returncode == 0, errors

    def left_behind(self) -> list[Path]:
        """Files with spans that nobody took."""
        return [path for path in self._folder.rglob("*") if path.is_file() and path.stat().st_size > 0]

    def _program(self, text: str, *arguments: str) -> subprocess.Popen[str]:
        folder = str(self._folder)
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", text, *arguments],
            env={"PATH": os.environ["PATH"], "HOME": folder, "OUTCROP_SPOOL_DIR": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def run(
    folder: Path,
    store: str,
    *,
    seconds: float,
    every_s: float,
    pause_s: float,
    sdk_pause_s: float = 0.004,
    restart_database: Callable[[], None] | None = None,
) -> tuple[RawLoad, SdkLoad, tuple[Server, Server]]:
    """Load for so long, one server killed and the other restarted in turn; gives what must be there then.

    Args:
        folder: for homes and spools.
        store: what `--store` takes.
        seconds: of load.
        every_s: between two blows: a server that is killed and started again, then one that is stopped.
        pause_s: between two requests of each of three raw senders.
        sdk_pause_s: between two traces of each of two programs with Outcrop's SDK.
        restart_database: done after a third of the time, and after two; None where there is no other process.
    """
    servers = Server(folder / "one", store), Server(folder / "other", store)
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.end, signal.SIGKILL)
            server.start()
        raw, sdk = RawLoad(servers, pause_s), SdkLoad(servers, folder / "spool", sdk_pause_s)
        (folder / "spool").mkdir()
        raw.start()
        sdk.start()
        began = time.monotonic()
        blows = restarts = 0
        wanted = 0 if restart_database is None else _RESTARTS
        # On a busy machine all takes longer, and happens all the same.
        while (passed := time.monotonic() - began) < seconds or blows < _BLOWS or restarts < wanted:
            if passed > (blows + 1) * every_s:
                server = servers[blows % 2]
                server.end(signal.SIGKILL if blows % 2 == 0 else signal.SIGTERM)
                time.sleep(min(1.0, every_s / 4))
                server.start()
                blows += 1
            if restart_database is not None and restarts < wanted and passed > (restarts + 1) * seconds / 3:
                restart_database()
                restarts += 1
            time.sleep(0.05)
        for server in servers:
            until = time.monotonic() + _PATIENCE_S
            while not server.answers():
                assert time.monotonic() < until, server.log[-3000:]
                time.sleep(0.1)
        raw.stop()
        sdk.stop()
        for server in servers:
            server.end(signal.SIGTERM)
    return raw, sdk, servers


def assert_all_is_there_once(
    store: TraceStore, raw: RawLoad, sdk: SdkLoad, ids_of: Callable[[bytes], list[bytes]] | None = None
) -> int:
    """Every acknowledged span, once, and sums that say so; gives how many spans there are.

    Args:
        store: where they must be.
        raw: what was sent.
        sdk: likewise.
        ids_of: gives the ids of a trace's spans, where asking the store for thousands of them takes minutes.
    """
    spans = 0
    names: Counter[str] = Counter()
    for stored in _traces(store):
        if ids_of is None:
            ids = [row.span_id for row in store.spans(stored.row.trace_id)]
        else:
            ids = ids_of(stored.row.trace_id)
        assert len(set(ids)) == len(ids) == stored.row.span_count
        spans += len(ids)
        if stored.row.experiment == "sdk":
            assert len(ids) == (1 if stored.row.name == "last" else 2)
            names[stored.row.name] += 1
            continue
        assert set(ids) == {number.to_bytes(8, "big") for number in range(1, SPANS + 1)}
        assert stored.row.usage.input_tokens == SPANS
        raw.acknowledged.pop(stored.row.trace_id, None)
    assert raw.acknowledged == Counter()
    assert sdk.names - names.keys() == set()
    assert {name: count for name, count in names.items() if count > 1 and name != "last"} == {}
    return spans


def _traces(store: TraceStore) -> Iterator[StoredTrace]:
    after: TracePosition | None = None
    while page := store.traces(None, after, 500):
        yield from page
        after = TracePosition(page[-1].row.start_time_ns, page[-1].row.trace_id)


def _forever(is_over: threading.Event) -> Iterator[int]:
    number = 0
    while not is_over.is_set():
        number += 1
        yield number


def _post(connection: HTTPConnection, body: bytes) -> int:
    connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _body(trace_id: bytes, first: int, last: int) -> bytes:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="outcrop.experiment.name").value.string_value = "raw"
    scope = group.scope_spans.add()
    now_ns = time.time_ns()
    for number in range(first, last):
        span = scope.spans.add(trace_id=trace_id, span_id=number.to_bytes(8, "big"), name="chat")
        span.start_time_unix_nano, span.end_time_unix_nano = now_ns, now_ns + 1_000_000
        if number > 1:
            span.parent_span_id = (1).to_bytes(8, "big")
        for name, value in (("gen_ai.usage.input_tokens", 1), ("gen_ai.usage.output_tokens", 2)):
            span.attributes.add(key=name).value.int_value = value
        span.attributes.add(key="gen_ai.request.model").value.string_value = "amazon.nova-pro-v1:0"
        span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    return request.SerializeToString()
