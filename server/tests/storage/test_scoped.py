"""A part of a store, asked as the contract allows: `api.test_scopes` has what callers see of it."""

from __future__ import annotations

from pathlib import Path

from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.scoped import ScopedStore
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.spans import new_span, trace_id


def test_a_search_for_foreign_experiments_alone_finds_nothing_and_not_everything(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.append(
        [
            new_span(number, trace=trace_id(number), experiment=name, is_experiment_named=True)
            for number, name in ((1, "A"), (2, "B"), (3, "C"))
        ]
    ).result()
    scoped = ScopedStore(store, frozenset({"A", "B"}))

    def found(*experiments: str) -> list[int]:
        page = scoped.search(TraceSearch(experiments=experiments))
        return [int.from_bytes(each.trace.row.trace_id, "big") for each in page]

    assert found("C") == []
    assert found("C", "A") == [1]
    assert found() == [2, 1]
    assert ScopedStore(store, frozenset()).search(TraceSearch()) == []
    assert ScopedStore(store, frozenset()).traces(None, None, 10) == []
    store.close()
