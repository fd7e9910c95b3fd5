"""The ClickHouse store keeps the contract with the engine in this process, too: chDB, by the same driver.

A process has one engine over one folder: these tests are a process of their own (`scripts/test_python.py`).
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bootstrap import find_chdb

from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.support.clickhouse_conformance import ClickhouseConformance, leave_to_the_other_way

pytestmark = pytest.mark.skipif(
    "OUTCROP_TEST_CHDB" not in os.environ, reason="half a gigabyte in the tests' process; OUTCROP_TEST_CHDB=1"
)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[str, Client]]:
    """The address of an engine over a folder that goes away, no database named; and a client of it."""
    python = find_chdb()
    assert python is not None
    # Its environment has other distributions beside: ours go first.
    sys.path += map(str, Path(python).parent.parent.glob("lib/python*/site-packages"))
    with tempfile.TemporaryDirectory(prefix="outcrop-chdb-") as folder:
        address = f"chdb://{folder}/data?database="
        # While it is open the engine runs on.
        with closing(Client(read_address(f"{address}default"))) as client:
            yield address, client


class TestEmbeddedClickhouseStore(ClickhouseConformance):
    """The suite; a folder of the tests' stands for a database."""

    @pytest.fixture(autouse=True)
    def _databases(self, engine: tuple[str, Client]) -> Iterator[None]:
        self._address, client = engine
        self._made: list[str] = []
        yield
        # Some hundreds of databases keep the engine busy.
        for name in self._made:
            client.command(f"DROP DATABASE {name}")

    def open(self, folder: Path) -> TraceStore:
        """Opens the database of a folder, or makes one."""
        kept = folder / "database"
        if not kept.exists():
            self._made.append(f"store{next(_numbers)}")
            kept.write_text(self._address + self._made[-1])
        return ClickhouseStore(kept.read_text(), gather_s=0.0, is_durable=False)


leave_to_the_other_way(TestEmbeddedClickhouseStore, is_embedded=True)
