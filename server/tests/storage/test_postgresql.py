"""The PostgreSQL store keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.postgresql.store import PostgresStore
from server.tests.storage.conformance import TraceStoreConformance
from server.tests.support.postgres import Postgres


class TestPostgresStore(TraceStoreConformance):
    """The suite; a folder of the tests' stands for a database."""

    @pytest.fixture(autouse=True)
    def _databases(self, postgres: Postgres) -> Iterator[None]:
        self._postgres = postgres
        self._made: list[str] = []
        yield
        # Some hundreds of them take minutes to be taken away with the server.
        for uri in self._made:
            postgres.drop(uri)

    def open(self, folder: Path) -> TraceStore:
        """Opens the database of a folder, or makes one."""
        kept = folder / "database"
        if not kept.exists():
            self._made.append(self._postgres.new_database())
            kept.write_text(self._made[-1])
        return PostgresStore(kept.read_text())

    def prepare(self, store: TraceStore) -> None:
        """Fills the index of words."""
        assert isinstance(store, PostgresStore)
        store.fill_words()
