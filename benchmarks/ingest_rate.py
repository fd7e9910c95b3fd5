"""How many spans a second does the server keep, committed? Converse spans of 4.1 KB, eight a trace.

A real server process on loopback; senders keep a few requests in flight, as several programs would. Some
requests go before: loading prices takes half a second once, and is no part of a rate. Medians of three
servers with a store each, which is empty, or a copy of the one that OUTCROP_BENCHMARK_STORE names.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord

SPANS = 48_000
SENDERS = 4
ROUNDS = 3
GIVEN = Path(os.environ["OUTCROP_BENCHMARK_STORE"]) if "OUTCROP_BENCHMARK_STORE" in os.environ else None
HISTORY = [
    {"role": "user", "content": [{"text": f"Turn {n}. " + "What is the weather like? " * 12}]}
    for n in range(10)
]
REQUEST = json.dumps({"messages": HISTORY, "inferenceConfig": {"maxTokens": 512}}).encode()
ANSWER = json.dumps(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "It is sunny. " * 20}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 900, "outputTokens": 80, "totalTokens": 980},
    }
).encode()


def _span(trace: int, number: int) -> SpanRecord:
    start = 1_790_000_000_000_000_000 + trace * 1_000_000_000 + number * 1_000_000
    root = trace.to_bytes(8, "big")
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "outcrop.span.type": "CHAT_MODEL",
        "outcrop.aws.operation": "Converse",
        "outcrop.request.params": '{"modelId": "anthropic.claude-3-5-sonnet-20241022-v2:0"}',
        "outcrop.request.body": REQUEST,
        "outcrop.response.body": ANSWER,
    }
    parent = b"" if number == 0 else b"\x01" + root[1:]
    span_id = (number + 1).to_bytes(1, "big") + root[1:]
    return SpanRecord(
        b"bench---" + root,
        span_id,
        parent,
        "chat",
        3,
        start,
        start + 900_000,
        1,
        "",
        attributes,
        [],
        "Bench",
        "b",
    )


def batches_of(size: int, count: int = SPANS, first: int = 0) -> list[bytes]:
    """Requests of `size` spans each, `count` in all, eight a trace; `first` gives traces of their own."""
    spans = [_span((first + number) // 8 + 1, number % 8) for number in range(count)]
    return [encode_request(map(encode_span, spans[at : at + size]), {}) for at in range(0, count, size)]


def send(port: int, batches: list[bytes]) -> None:
    """Posts them one after the other, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for body in batches:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.HTTPStatus.OK:
            sys.exit(f"HTTP {response.status}: {answer!r}")
    connection.close()


def cpu_s(process_id: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """Of one server: spans a second, CPU of its own and of the senders (µs a span), bytes a span on disk."""

    rate: float
    server_us: float
    senders_us: float
    disk_bytes: float


def _copy(given: Path, store: Path) -> int:
    """Puts a store's file and its index of words in their place; gives the size of the first."""
    for part in given.parent.glob(f"{given.name}*"):
        shutil.copy(part, f"{store}{part.name.removeprefix(given.name)}")
    return store.stat().st_size


def _measure(size: int, port: int = 5197) -> Measured:
    batches = batches_of(size)
    first = batches_of(size, 8 * size, first=10 * SPANS)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench.db"
        size_before = _copy(GIVEN, store) if GIVEN else 0
        outcrop = Path(sys.executable).with_name("outcrop")
        command = [str(outcrop), "server", "--port", str(port), "--store", str(store)]
        env = {**os.environ, "OUTCROP_SPOOL_DIR": folder}
        server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603
        assert server.stdout is not None
        server.stdout.readline()
        send(port, first)
        before, of_senders = cpu_s(server.pid), time.process_time()
        started = time.perf_counter()
        senders = [threading.Thread(target=send, args=(port, batches[at::SENDERS])) for at in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        elapsed = time.perf_counter() - started
        cpu, of_senders = cpu_s(server.pid) - before, time.process_time() - of_senders
        server.terminate()
        server.communicate()
        kept = SPANS + 8 * size
        return Measured(
            SPANS / elapsed,
            cpu / SPANS * 1e6,
            of_senders / SPANS * 1e6,
            (store.stat().st_size - size_before) / kept,
        )


def main() -> None:
    """Measures two sizes of batch."""
    print(f"a span is {len(REQUEST) + len(ANSWER):,} bytes of JSON")
    for size in (512, 16):
        rounds = [_measure(size) for _ in range(ROUNDS)]
        rate, server_us, senders_us, disk_bytes = map(statistics.median, zip(*rounds, strict=True))
        print(
            f"{size:4} spans a request: {rate:,.0f} spans/s, {server_us:.0f} us CPU of the server each "
            f"({min(each.server_us for each in rounds):.0f} at least), {senders_us:.0f} of the senders, "
            f"{disk_bytes:,.0f} bytes a span on disk"
        )


if __name__ == "__main__":
    main()
