"""How fast does a server with a million spans answer, while spans come in? A real server on loopback.

Each question is asked again and again over one connection; the 95th percentile counts. Meanwhile 2,000 spans
a second are sent. Also told: time from start to the first answer, memory, bytes a span.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from _million import MODELS, RARE, START_NS, WORDS, bodies, build

SPANS = int(os.environ.get("OUTCROP_BENCHMARK_SPANS", "1000000"))
PORT = 5198
ROUNDS = 40
SPANS_A_SECOND = 2_000
SPANS_A_BODY = 62 * 8

COMMON = WORDS[0]
# What is asked, and the milliseconds within which the 95th percentile should be.
FILTERS: dict[str, float] = {
    "status = 'ERROR'": 50,
    "model LIKE '%claude%'": 50,
    f"model = '{MODELS[5][0]}'": 50,
    "span.type = 'TOOL' AND span.status = 'ERROR'": 50,
    "latency > 30s": 50,
    "cost > 0.15": 50,
    "tags.env = 'dev' AND tokens.total > 12k": 50,
    "error = 'ThrottlingException'": 50,
    "finish_reason = 'max_tokens' AND vendor = 'amazon'": 50,
    "session = 'session-100'": 50,
    "user = 'user-77' AND name LIKE 'order%'": 50,
    "tool = 'refund' OR cost > 0.16": 50,
    "name = 'nobody'": 100,
    "span.name = 'nothing'": 100,
    "cost > 1000 OR latency > 10h": 100,
    "span.type = 'TOOL' AND span.latency > 10h": 100,
    "tags.env = 'none'": 100,
    "error = 'NoSuchError'": 100,
    RARE: 200,
    "nowhereinanytext": 200,
    # The most frequent word of all, and a part of many words.
    COMMON: 200,
    "ster": 200,
    f"{COMMON} AND {RARE}": 200,
    f'"{COMMON} {WORDS[1]}"': 200,
    f"span.content LIKE '%{COMMON}x %'": 200,
    f"span.content LIKE '%{COMMON} {WORDS[2]}%'": 500,
    "span.content RLIKE 'ka(la|ren)s [a-z]+xi'": 500,
    "span.attributes.gen_ai.usage.input_tokens = 3999": 2000,
}

DAY_NS = 86_400 * 10**9
CHARTS = {
    "a day of charts": "group_by=time&interval_s=900",
    "a day of charts by model": "group_by=time&group_by=model&interval_s=3600",
    "a day by operation": "group_by=operation",
}


class Asking:
    """One connection to the server."""

    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return self._ask("GET", path, None)

    def search(self, **asked: Any) -> Any:
        """The JSON of a search."""
        return self._ask("POST", "/api/traces/search", json.dumps(asked).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        self._connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.HTTPStatus.OK:
            sys.exit(f"{path}: HTTP {response.status}: {answer!r}")
        return json.loads(answer)


def send(stopping: threading.Event, counts: dict[str, int]) -> None:
    """Sends at an even pace until it is told to stop."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    kept = list(bodies(20))
    due = time.perf_counter()
    number = 0
    while not stopping.is_set():
        # New ids each time: the same span twice is one span.
        mark = number.to_bytes(4, "big")
        body = kept[number % len(kept)]
        number += 1
        connection.request(
            "POST", "/v1/traces", _renamed(body, mark), {"Content-Type": "application/x-protobuf"}
        )
        response = connection.getresponse()
        response.read()
        counts["sent"] += SPANS_A_BODY
        counts["refused"] += response.status != http.HTTPStatus.OK
        due += SPANS_A_BODY / SPANS_A_SECOND
        stopping.wait(max(0.0, due - time.perf_counter()))


def _renamed(body: bytes, mark: bytes) -> bytes:
    """The same spans under other trace ids: a trace id is field 1 of Span, 16 bytes."""
    head = b"\x0a\x10"
    pieces = body.split(head)
    return head.join([pieces[0], *(mark + piece[4:] for piece in pieces[1:])])


def timed(ask: Any) -> float:
    """The 95th percentile in milliseconds, after a warm-up."""
    times: list[float] = []
    for number in range(ROUNDS + 3):
        started = time.perf_counter()
        ask()
        if number >= 3:  # noqa: PLR2004 - the warm-up
            times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[int(len(times) * 0.95)]


# What was measured, by its name, for who compares.
MEASURED: dict[str, float] = {}


def tell(name: str, measured_ms: float, wanted_ms: float) -> None:
    """A line of the report."""
    MEASURED[name] = measured_ms
    print(f"{measured_ms:8.1f} ms (wanted {wanted_ms:3.0f})  {name}", flush=True)


def wait_for_words() -> None:
    """Tells how long the index of words takes, which a store that was just built has none of."""
    started = time.perf_counter()
    # Anew each time: a server closes a connection that is silent.
    while waiting := Asking().search(filter=RARE, max_results=1)["words_waiting"]:
        print(f"  {waiting:,} traces wait for the index of words", flush=True)
        time.sleep(10)
    print(f"{time.perf_counter() - started:.0f} s until every word is indexed", flush=True)
    # What a server does in its first moments: loading prices, starting the process that fills the index.
    time.sleep(5)


def children_of(process_id: int) -> list[int]:
    """The processes that a process has started."""
    listed = (file.read_text() for file in Path(f"/proc/{process_id}/task").glob("*/children"))
    return [int(each) for line in listed for each in line.split()]


def memory_mb(process_id: int) -> float:
    """Of a process, resident."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def main() -> None:
    """Builds the store, starts the server, asks."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(os.environ.get("OUTCROP_BENCHMARK_STORE", f"{folder}/bench.db"))
        if not store.exists():
            build(store, SPANS)
        print(f"{SPANS:,} spans, {store.stat().st_size / SPANS:,.0f} bytes a span on disk")
        outcrop = Path(sys.executable).with_name("outcrop")
        command = [str(outcrop), "server", "--port", str(PORT), "--store", str(store)]
        env = {**os.environ, "OUTCROP_SPOOL_DIR": folder}
        started = time.perf_counter()
        server = subprocess.Popen(  # noqa: S603
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert server.stdout is not None
        server.stdout.readline()
        Asking().get("/api/traces?limit=50")
        tell("from start to the first answer", (time.perf_counter() - started) * 1000, 1500)
        wait_for_words()
        stopping, counts = threading.Event(), {"sent": 0, "refused": 0}
        sender = threading.Thread(target=send, args=(stopping, counts))
        sender.start()
        began = time.perf_counter()
        ask_all(Asking())
        stopping.set()
        sender.join()
        rate = counts["sent"] / (time.perf_counter() - began)
        print(f"meanwhile {rate:,.0f} spans/s were sent, {counts['refused']} requests refused")
        index = store.with_name(store.name + ".words").stat().st_size
        print(f"the index of words: {index / SPANS:,.0f} bytes a span")
        print(f"memory of the server: {memory_mb(server.pid):.0f} MB (wanted 300)")
        for child in children_of(server.pid):
            print(f"and of the process that fills the index: {memory_mb(child):.0f} MB")
        server.terminate()
        server.communicate()


def ask_all(asking: Asking) -> None:
    """Every question in turn."""
    tell("newest 50", timed(lambda: asking.get("/api/traces?limit=50")), 10)
    (first, *_) = asking.get("/api/traces?limit=50")["traces"]
    tell("one trace", timed(lambda: asking.get(f"/api/traces/{first['trace_id']}")), 10)
    for text, wanted_ms in FILTERS.items():
        tell(text, timed(lambda text=text: asking.search(filter=text, max_results=50)), wanted_ms)
    day = f"since_ns={START_NS + 5 * DAY_NS}&until_ns={START_NS + 6 * DAY_NS}"
    for name, query in CHARTS.items():
        tell(name, timed(lambda query=query: asking.get(f"/api/aggregates?{day}&{query}")), 30)
    tell("facets", timed(lambda: asking.get("/api/facets")), 1000)
    tell("sessions", timed(lambda: asking.get("/api/sessions?limit=50")), 50)
    for order in ("cost DESC", "execution_time DESC", "total_tokens DESC"):
        tell(
            f"ordered by {order}",
            timed(lambda order=order: asking.search(order_by=[order], max_results=50)),
            50,
        )


if __name__ == "__main__":
    main()
