"""What do the same spans cost Outcrop's server and MLflow's: to take in, to keep, to find?

Both in one run, each as it is by default, one after the other: the same OTLP requests over loopback, then the
same questions. A time-out is a result. 5,000 traces by default (OUTCROP_BENCHMARK_TRACES): more take MLflow
so long that the run would not end within a quarter of an hour.
"""

from __future__ import annotations

import http.client
import os
import platform
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from _agents_spans import DEEP, NOWHERE, RARE, SPANS_A_TRACE, Agents
from _million import TOOLS
from _servers_beside import MLFLOW, NEWEST, Mlflow, Outcrop, Running, Server

TRACES = int(os.environ.get("OUTCROP_BENCHMARK_TRACES", "5000"))
# Of 512 spans, as OpenTelemetry's batch processor sends them; four programs at a time.
TRACES_A_BODY, SENDERS = 128, 4
# Sent one after the other while a search for text runs.
SENT_MEANWHILE, TRACES_MEANWHILE = 8, 16
TAKE_IN_S, ANSWER_S = 600.0, 120.0
ROUNDS = 20
# Slower questions are asked less often.
ASKED_FOR_S = 20.0
_FOUND_RARE = 3

Figures = dict[str, str]


class Sender:
    """Sends requests and counts what became of them; what is refused is sent again a little later."""

    def __init__(self, server: Server, running: Running) -> None:
        self._server = server
        self._running = running
        self.refused: dict[str, int] = {}
        self.longest_s = 0.0

    def send(self, body: bytes, until: float) -> bool:
        """Whether the request was taken in until then."""
        while (left_s := until - time.perf_counter()) > 0:
            began = time.perf_counter()
            try:
                status, _ = self._running.ask("POST", "/v1/traces", body, self._server.headers, left_s)
                if status == http.HTTPStatus.OK:
                    self.longest_s = max(self.longest_s, time.perf_counter() - began)
                    return True
                reason = f"HTTP {status}"
            except (OSError, http.client.HTTPException) as error:
                reason = type(error).__name__
            self.refused[reason] = self.refused.get(reason, 0) + 1
            time.sleep(0.2)
        return False

    def told(self) -> str:
        """How often it was refused."""
        return ", ".join(f"{count} x {reason}" for reason, count in self.refused.items()) or "none"


def take_in(server: Server, running: Running, bodies: list[tuple[bytes, int]]) -> Figures:
    """Sends everything; an answer comes after the commit."""
    waiting, lock = list(reversed(bodies)), threading.Lock()
    senders = [Sender(server, running) for _ in range(SENDERS)]
    until = time.perf_counter() + TAKE_IN_S
    taken: list[int] = []

    def work(sender: Sender) -> None:
        while True:
            with lock:
                if not waiting:
                    return
                body, count = waiting.pop()
            if sender.send(body, until):
                taken.append(count)

    cpu_s, began = running.cpu_s(), time.perf_counter()
    threads = [threading.Thread(target=work, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted_s, used_s = time.perf_counter() - began, running.cpu_s() - cpu_s
    count, all_spans = sum(taken), sum(each for _, each in bodies)
    refused = "; ".join(dict.fromkeys(sender.told() for sender in senders))
    missing = f" ({all_spans - count:,} not within {TAKE_IN_S:.0f} s)" if count < all_spans else ""
    return {
        "spans/s, committed": f"{count / lasted_s:,.0f}{missing}",
        "requests refused": refused,
        "server's CPU, us a span": f"{used_s / max(count, 1) * 1e6:,.0f}",
    }


def timed(ask: Callable[[], int], expected: int) -> str:
    """The median of a question in ms, and how often it was asked; says it where the answer is wrong."""
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < ROUNDS and (not times or time.perf_counter() - began < ASKED_FOR_S):
        asked = time.perf_counter()
        try:
            found = ask()
        except TimeoutError:
            return f"no answer in {ANSWER_S:.0f} s"
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            return f"{error} after {time.perf_counter() - asked:.1f} s"
        times.append((time.perf_counter() - asked) * 1000)
        if found != expected:
            return f"found {found} of {expected} (in {times[-1]:,.1f} ms)"
    return f"{statistics.median(times):,.1f} ms" + (f" (of {len(times)})" if len(times) < ROUNDS else "")


def find(server: Server, running: Running) -> Figures:
    """The questions."""

    def count(*what: str) -> Callable[[], int]:
        return lambda: len(server.find(running, (what[0], what[1]), ANSWER_S))

    newest = server.find(running, ("newest", ""), ANSWER_S)
    return {
        f"newest {NEWEST}": timed(count("newest", ""), NEWEST),
        "one trace with all of its content": timed(
            lambda: server.spans_of(running, newest[0], ANSWER_S), SPANS_A_TRACE
        ),
        "span name, of a sixth of the traces": timed(count("span", TOOLS[2]), NEWEST),
        "span name, of none": timed(count("span", "nobody"), 0),
        "a word that three questions begin with": timed(count("text", RARE), _FOUND_RARE),
        "a word deep in three conversations": timed(count("text", DEEP), _FOUND_RARE),
        "a word that is in none": timed(count("text", NOWHERE), 0),
    }


def send_while_searching(server: Server, running: Running, bodies: list[tuple[bytes, int]]) -> Figures:
    """What becomes of senders while somebody searches for text again and again."""
    stopping = threading.Event()
    failures: list[str] = []

    def search() -> None:
        while not stopping.is_set():
            try:
                server.find(running, ("text", NOWHERE), ANSWER_S)
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                failures.append(str(error) or type(error).__name__)
                stopping.wait(0.2)

    searching = threading.Thread(target=search)
    searching.start()
    sender = Sender(server, running)
    began = time.perf_counter()
    taken = sum(sender.send(body, began + ANSWER_S) for body, _ in bodies)
    lasted_s = time.perf_counter() - began
    stopping.set()
    searching.join()
    more = f", the search: {failures[0]}" if failures else ""
    return {
        "while a text search runs: requests taken": f"{taken} of {len(bodies)} in {lasted_s:.1f} s",
        "while a text search runs: refused": sender.told() + more,
        "while a text search runs: longest answer": f"{sender.longest_s * 1000:,.0f} ms",
    }


def measure(server: Server) -> Figures:
    """All figures of one server."""
    agents = Agents()
    bodies = list(agents.bodies(0, TRACES, TRACES_A_BODY))
    wire = sum(len(body) for body, _ in bodies)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        running, first_s = server.start(folder)
        figures = take_in(server, running, bodies)
        figures["memory after taking in, MB (sum of resident)"] = _memory(running)
        figures |= find(server, running)
        running.stop()
        # After its end, when what was written ahead is where it belongs.
        kept = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file() and each.name != "log")
        figures["bytes on disk, times the wire's"] = f"{kept / wire:.2f} ({kept / 1e6:,.1f} MB)"
        running, with_store_s = server.start(folder)
        figures["start to first answer, s: empty, with the store"] = f"{first_s:.1f}, {with_store_s:.1f}"
        meanwhile = list(agents.bodies(TRACES, SENT_MEANWHILE * TRACES_MEANWHILE, TRACES_MEANWHILE))
        figures |= send_while_searching(server, running, meanwhile)
        figures["memory after searching, MB (sum of resident)"] = _memory(running)
        running.stop()
    print(f"{server.name} done: {wire / 1e6:,.1f} MB on the wire", flush=True)
    return figures


def _memory(running: Running) -> str:
    shared, resident = running.memory_mb()
    return f"{shared:,.0f} ({resident:,.0f})"


def main() -> None:
    """Prints a table."""
    print(
        f"{TRACES:,} traces of {SPANS_A_TRACE} spans, {TRACES_A_BODY * SPANS_A_TRACE} spans a request, "
        f"{SENDERS} senders; {MLFLOW}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the beginning",
        flush=True,
    )
    ours, theirs = measure(Outcrop()), measure(Mlflow())
    print("| | Outcrop | MLflow |\n|---|---|---|")
    for name, figure in ours.items():
        print(f"| {name} | {figure} | {theirs[name]} |")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
