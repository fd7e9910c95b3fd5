"""Which engine a place is opened by, and what is said where its library is missing."""

from __future__ import annotations

import sys

import pytest

from outcrop_server.model.errors import StoreError
from outcrop_server.settings import from_environment
from outcrop_server.store_opening import open_store

ADDRESSES = {
    "postgresql": "postgresql://me:s3cr3t@127.0.0.1:1/traces?connect_timeout=2",
    "clickhouse": "clickhouse://me:s3cr3t@127.0.0.1:1/traces",
}
LIBRARIES = {"postgresql": "psycopg", "clickhouse": "clickhouse_connect"}


@pytest.mark.parametrize("engine", ADDRESSES)
def test_without_its_library_a_database_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    for name in list(sys.modules):
        if name.startswith((LIBRARIES[engine], f"outcrop_server.storage.{engine}.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, LIBRARIES[engine], None)
    with pytest.raises(StoreError, match=rf"pip install 'outcrop\[{engine}\]'"):
        open_store(from_environment({"OUTCROP_STORE": ADDRESSES[engine]}))


@pytest.mark.parametrize("engine", ADDRESSES)
def test_a_database_that_does_not_answer_is_told_without_its_password(engine: str) -> None:
    pytest.importorskip(LIBRARIES[engine], reason="an extra of the server, in the development environment")
    with pytest.raises(StoreError) as refused:
        open_store(from_environment({"OUTCROP_STORE": ADDRESSES[engine]}))
    assert "127.0.0.1" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)
