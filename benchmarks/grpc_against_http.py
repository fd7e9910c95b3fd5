"""What does a request of 512 spans cost over gRPC, against HTTP? Time and the server's CPU, committed.

One server process on loopback takes both in turn; its library for gRPC is an extra (`outcrop[grpc]`).
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from ingest_rate import batches_of, cpu_s, send

SIZE = 512
SPANS = 12_288
ROUNDS = 6
_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def _call(port: int, batches: list[bytes]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        untyped: Any = channel
        export = untyped.unary_unary(_METHOD)
        for body in batches:
            export(body)


def _round(
    sender: Callable[[int, list[bytes]], None], port: int, batches: list[bytes], senders: int, server: int
) -> tuple[float, float]:
    """Milliseconds a request, and the server's microseconds of CPU a span."""
    before, started = cpu_s(server), time.perf_counter()
    threads = [
        threading.Thread(target=sender, args=(port, batches[number::senders])) for number in range(senders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    return elapsed / len(batches) * 1e3, (cpu_s(server) - before) / SPANS * 1e6


def _compared(senders: int, server: int, ports: tuple[int, int], first: int) -> None:
    found: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for number in range(ROUNDS * 2):
        batches = batches_of(SIZE, SPANS, first + number * SPANS)
        # Over gRPC and over HTTP by turns, and each as often the first of two.
        kind = (number + number // 2) % 2
        found[kind].append(_round((send, _call)[kind], ports[kind], batches, senders, server))
    (http_ms, http_us), (grpc_ms, grpc_us) = (
        (statistics.median(each[0] for each in rounds), statistics.median(each[1] for each in rounds))
        for rounds in found
    )
    print(
        f"{senders} at once: HTTP {http_ms:.1f} ms a request and {http_us:.0f} us CPU of the server a span; "
        f"gRPC {grpc_ms:.1f} ms and {grpc_us:.0f} us; ratio {grpc_ms / http_ms:.2f} and "
        f"{grpc_us / http_us:.2f}"
    )


def main() -> None:
    """Compares one sender, and four at once."""
    with tempfile.TemporaryDirectory() as folder:
        outcrop = Path(sys.executable).with_name("outcrop")
        ports = ("--port", "0", "--grpc-port", "0")
        command = [str(outcrop), "server", *ports, "--store", f"{folder}/bench.db"]
        env = {**os.environ, "OUTCROP_SPOOL_DIR": folder}
        server = subprocess.Popen(  # noqa: S603 - our own command
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert server.stdout is not None
        http_port, grpc_port = (
            int(re.findall(r"http://[\d.]+:(\d+)", server.stdout.readline())[0]) for _ in range(2)
        )
        for senders, first in ((1, 0), (4, 10_000_000)):
            _compared(senders, server.pid, (http_port, grpc_port), first)
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    main()
