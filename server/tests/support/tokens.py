"""Makes tokens for tests, in a store that no server has open yet."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from outcrop_server.access.making import make_token
from outcrop_server.model.access import Role
from outcrop_server.storage.sqlite.store import SqliteStore


def make(store: Path, name: str, role: Role, *experiments: str, **more: Any) -> str:
    """A token, as the command line makes it."""
    with closing(SqliteStore(store)) as opened:
        text, _ = make_token(opened, name, role, experiments=experiments, by="the test", **more)
    return text


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
