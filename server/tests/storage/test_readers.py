"""Connections that read: they make nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.sqlite.connections import ReaderPool


def test_a_reader_makes_no_empty_store_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "100% gone?.db"
    pool = ReaderPool(path)
    with pytest.raises(UnavailableError, match="could not be read"), pool.reading():
        pass
    assert list(tmp_path.iterdir()) == []
    pool.close()
