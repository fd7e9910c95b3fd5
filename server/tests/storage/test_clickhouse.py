"""The ClickHouse store keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.support.clickhouse_conformance import ClickhouseConformance, leave_to_the_other_way

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse


class TestClickhouseStore(ClickhouseConformance):
    """The suite; a folder of the tests' stands for a database."""

    @pytest.fixture(autouse=True)
    def _databases(self, clickhouse: Clickhouse) -> Iterator[None]:
        self._clickhouse = clickhouse
        self._made: list[str] = []
        yield
        for uri in self._made:
            clickhouse.drop(uri)

    def open(self, folder: Path) -> TraceStore:
        """Opens the database of a folder, or makes one."""
        kept = folder / "database"
        if not kept.exists():
            self._made.append(self._clickhouse.new_database())
            kept.write_text(self._made[-1])
        return ClickhouseStore(kept.read_text(), gather_s=0.0, is_durable=False)


leave_to_the_other_way(TestClickhouseStore, is_embedded=False)
