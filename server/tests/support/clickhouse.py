"""A ClickHouse of the tests' own: chDB behind HTTP, in a process and a folder that go away."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from bootstrap import find_chdb
from steady_port import steady_port

_PROGRAM = Path(__file__).with_name("clickhouse_server.py")
_PATIENCE_S = 120.0
_numbers = itertools.count(1)


class Clickhouse:
    """A server. It can be stopped and started again, as a machine that restarts.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    def __init__(self) -> None:
        python = find_chdb()
        if python is None:
            raise RuntimeError("There is no chDB here: python3 scripts/bootstrap.py clickhouse")
        self._folder = Path(tempfile.mkdtemp(prefix="outcrop-clickhouse-"))
        self.port = steady_port()
        self._command = [str(python), "-I", str(_PROGRAM), str(self._folder), str(self.port)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Clickhouse:  # noqa: PYI034  # Self needs typing_extensions on Python 3.10
        """Starts it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it, and takes its folder away."""
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Returns when it answers."""
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - found above
                self._command, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        assert process.stdout is not None
        with process.stdout as said:
            # Nothing when it ends instead.
            is_listening = bool(said.readline())
        if not is_listening:
            process.wait(_PATIENCE_S)
            raise RuntimeError(f"chDB does not start: {(self._folder / 'log').read_text()[-2000:]}")
        self._process = process

    def stop(self, mode: str = "fast") -> None:
        """Ends it: `fast` as when a machine is shut down, `immediate` as when it fails."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM if mode == "fast" else signal.SIGKILL)
        self._process.wait(_PATIENCE_S)
        self._process = None

    def cpu_s(self) -> float:
        """CPU seconds of its process so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def uri(self, database: str) -> str:
        """What `--store` takes."""
        return f"clickhouse://default@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a database that nobody has made yet: the store does."""
        return self.uri(f"store{next(_numbers)}")

    def drop(self, uri: str) -> None:
        """Takes a database away, if there is one, whoever is connected to it."""
        self.ask(f"DROP DATABASE IF EXISTS `{urlsplit(uri).path.removeprefix('/')}` SYNC")

    def ask(self, statement: str) -> str:
        """What it answers, as text with tabs. Needs no driver."""
        url = f"http://127.0.0.1:{self.port}/"
        with urlopen(url, statement.encode(), timeout=_PATIENCE_S) as answer:
            return bytes(answer.read()).decode()

    @contextmanager
    def database(self) -> Generator[str]:
        """The address of a new database, which goes away afterwards."""
        uri = self.new_database()
        try:
            yield uri
        finally:
            self.drop(uri)


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[Clickhouse]:
    """One ClickHouse for all tests of a process; each takes a database of its own."""
    pytest.importorskip("clickhouse_connect", reason="an extra of the server, in the development environment")
    if find_chdb() is None:
        pytest.skip("chDB's environment is not here: python3 scripts/bootstrap.py clickhouse")
    with Clickhouse() as started:
        yield started
