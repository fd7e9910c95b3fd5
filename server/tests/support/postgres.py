"""A real PostgreSQL of the tests' own: a private port of loopback, a folder that goes away, no password."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pytest
from bootstrap import find_postgresql
from steady_port import steady_port

_USER = "outcrop"
_PATIENCE_S = 120.0
# What a machine that fails would lose is none of these tests' concern; those of crashes say otherwise.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_numbers = itertools.count(1)


class Postgres:
    """A server. It can be stopped and started again, as a machine that restarts.

    Args:
        is_durable: whether it keeps what it acknowledged though the machine fails; slower.
        settings: of `postgresql.conf`, beside those that tests need.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    def __init__(self, *, is_durable: bool = False, settings: dict[str, str] | None = None) -> None:
        programs = find_postgresql()
        if programs is None:
            raise RuntimeError("There is no PostgreSQL here: install Debian's package `postgresql`.")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="outcrop-postgres-"))
        # PostgreSQL refuses to run as root.
        self._user = _plain_user() if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self.port = steady_port()
        self._settings = {**({} if is_durable else _QUICK), "max_connections": "100", **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--locale=C.UTF-8")

    def __enter__(self) -> Postgres:  # noqa: PYI034  # Self needs typing_extensions on Python 3.10
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
        options = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - found above
                [
                    str(self._programs / "postgres"),
                    *("-D", str(self._folder / "data")),
                    *("-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)),
                    *options,
                ],
                stdout=subprocess.DEVNULL,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )
        until = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, mode: str = "fast") -> None:
        """Ends it: `fast` as when a machine is shut down, `immediate` as when it fails."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT if mode == "fast" else signal.SIGQUIT)
        self._process.wait(_PATIENCE_S)
        self._process = None

    def cpu_s(self) -> float:
        """CPU seconds of its processes so far, those that ended among them."""
        assert self._process is not None
        first = self._process.pid
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            # The first process has waited for those that ended.
            if int(file.parent.name) == first:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == first:
                ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def uri(self, database: str) -> str:
        """What `--store` takes."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a database in which nothing is."""
        name = f"store{next(_numbers)}"
        self._ask(f"CREATE DATABASE {name}")
        return self.uri(name)

    def drop(self, uri: str) -> None:
        """Takes a database away, whoever is connected to it."""
        self._ask(f"DROP DATABASE IF EXISTS {uri.rpartition('/')[2]} WITH (FORCE)")

    @contextmanager
    def database(self) -> Generator[str]:
        """The address of a new database, which goes away afterwards."""
        uri = self.new_database()
        try:
            yield uri
        finally:
            self.drop(uri)

    def _ask(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 - an extra: not in every environment in which tests are collected

        with psycopg.connect(self.uri("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), is_checked=False) == 0

    def _run(self, program: str, *arguments: str, is_checked: bool = True) -> int:
        command = [str(self._programs / program), *arguments]
        if program == "initdb":
            command += ["-D", str(self._folder / "data"), "--no-sync"]
        done = subprocess.run(  # noqa: S603 - found above
            command, user=self._user, cwd=self._folder, capture_output=True, text=True, check=False
        )
        if is_checked and done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
        return done.returncode


def _plain_user() -> str:
    import pwd  # noqa: PLC0415 - not on every system

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a process; each takes a database of its own."""
    pytest.importorskip("psycopg", reason="an extra of the server, in the development environment")
    with Postgres() as started:
        yield started
