"""Holds the store's lock, as another process does while it writes."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def another_writer(store: Path) -> Generator[None, None, None]:
    """Until the end nothing is committed."""
    with store.with_name(store.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
