"""Two servers that take OTLP/HTTP, Outcrop's and MLflow's: started, asked and measured in the same way.

`Outcrop` and `Mlflow` say how each is started and asked; `Running` is one that runs, with its processes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from peers import environment

MLFLOW = "mlflow==3.17.2"
NEWEST = 50
# MLflow's own experiment, which is there from the start.
_EXPERIMENT = "0"
_START_S, _STOP_S = 180.0, 60.0
_JSON = {"Content-Type": "application/json"}


class Running:
    """A server and all processes that it started.

    Args:
        process: the one that was started, leader of a session of its own.
        port: where it listens.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._port = port

    def ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        """Status and answer of one request; raises OSError or TimeoutError where there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()

    def cpu_s(self) -> float:
        """CPU seconds of its processes so far, those that ended among them."""
        ticks = sum(
            sum(map(int, _stat(each)[11:15] if each == self._process.pid else _stat(each)[11:13]))
            for each in self._processes()
        )
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> tuple[float, float]:
        """Its memory, pages that several share counted once, and the sum of what each has resident."""
        shared = resident = 0
        for each in self._processes():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
                kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
                shared, resident = shared + kb["Pss"], resident + kb["Rss"]
        return shared / 1024, resident / 1024

    def stop(self) -> None:
        """Ends it as a service manager does, and what is left of it after a minute by force."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _processes(self) -> list[int]:
        session = str(self._process.pid)
        found: list[int] = []
        for each in Path("/proc").iterdir():
            if each.name.isdecimal():
                with contextlib.suppress(OSError, IndexError):
                    if _stat(int(each.name))[3] == session:
                        found.append(int(each.name))
        return found


def _stat(process_id: int) -> list[str]:
    """The fields of a process behind its name: state first, session fourth, its times from the twelfth."""
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()


class Server(ABC):
    """How one is started and asked. Answers to questions are the ids of the traces found."""

    name: str
    port: int
    # What goes along with spans.
    headers: Mapping[str, str] = {"Content-Type": "application/x-protobuf"}

    @abstractmethod
    def command(self, folder: Path) -> list[str]:
        """Starts it with its store in a folder."""

    @abstractmethod
    def find(self, running: Running, what: tuple[str, str], timeout_s: float) -> list[str]:
        """The newest 50 traces: `("newest", "")`, `("span", NAME)` or `("text", WORD)`."""

    @abstractmethod
    def spans_of(self, running: Running, trace_id: str, timeout_s: float) -> int:
        """Reads a trace with all that is in it; how many spans it has."""

    def start(self, folder: Path) -> tuple[Running, float]:
        """The server once it has answered for its newest traces, and the seconds until then."""
        began = time.perf_counter()
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                self.command(folder),
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "OUTCROP_SPOOL_DIR": str(folder), "MLFLOW_DISABLE_TELEMETRY": "true"},
            )
        running = Running(process, self.port)
        while time.perf_counter() - began < _START_S:
            with contextlib.suppress(OSError, http.client.HTTPException, RuntimeError):
                self.find(running, ("newest", ""), _START_S)
                return running, time.perf_counter() - began
            if process.poll() is not None:
                break
            time.sleep(0.02)
        running.stop()
        sys.exit(f"{self.name} does not start: {(folder / 'log').read_text()[-2000:]}")

    def _json(self, running: Running, method: str, path: str, asked: Any, timeout_s: float) -> dict[str, Any]:
        body = None if asked is None else json.dumps(asked).encode()
        status, answer = running.ask(method, path, body, _JSON, timeout_s)
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"HTTP {status}")
        found: dict[str, Any] = json.loads(answer)
        return found


class Outcrop(Server):
    """Ours, as it is by default: one process, SQLite."""

    name, port = "Outcrop", 5193

    def command(self, folder: Path) -> list[str]:
        """`outcrop server`."""
        outcrop = Path(sys.executable).with_name("outcrop")
        return [str(outcrop), "server", "--port", str(self.port), "--store", str(folder / "traces.db")]

    def find(self, running: Running, what: tuple[str, str], timeout_s: float) -> list[str]:
        """By the filter language."""
        kind, given = what
        asked = {"newest": "", "span": f"span.name = '{given}'", "text": given}[kind]
        path, body = "/api/traces/search", {"filter": asked, "max_results": NEWEST}
        found = self._json(running, "POST", path, body, timeout_s)["traces"]
        return [str(each["info"]["trace_id"]) for each in found]

    def spans_of(self, running: Running, trace_id: str, timeout_s: float) -> int:
        """As the export has it: every attribute of every span."""
        line = self._json(running, "POST", "/api/export", {"trace_ids": [trace_id]}, timeout_s)
        return len(line["spans"])


class Mlflow(Server):
    """MLflow's, as it is by default: four workers, its job runners, SQLite."""

    name, port = "MLflow", 5194
    headers: Mapping[str, str] = {**Server.headers, "x-mlflow-experiment-id": _EXPERIMENT}

    def __init__(self) -> None:
        """Installs it where it is missing."""
        self._python = environment("mlflow-server", (MLFLOW,))

    def command(self, folder: Path) -> list[str]:  # noqa: ARG002 - its store lies in the working folder
        """`mlflow server`."""
        mlflow = self._python.with_name("mlflow")
        return [str(mlflow), "server", "--host", "127.0.0.1", "--port", str(self.port)]

    def find(self, running: Running, what: tuple[str, str], timeout_s: float) -> list[str]:
        """By its search over traces' summaries."""
        kind, given = what
        asked: dict[str, Any] = {
            "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": _EXPERIMENT}}],
            "max_results": NEWEST,
            "order_by": ["timestamp_ms DESC"],
        }
        if kind != "newest":
            asked["filter"] = f"span.name = '{given}'" if kind == "span" else f"trace.text LIKE '%{given}%'"
        found = self._json(running, "POST", "/api/3.0/mlflow/traces/search", asked, timeout_s)
        return [str(each["trace_id"]) for each in found.get("traces", [])]

    def spans_of(self, running: Running, trace_id: str, timeout_s: float) -> int:
        """With its spans, as its page reads it."""
        path = f"/api/3.0/mlflow/traces/get?trace_id={quote(trace_id)}"
        return len(self._json(running, "GET", path, None, timeout_s)["trace"]["spans"])
