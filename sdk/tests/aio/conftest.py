"""These tests need aiobotocore, which pins a botocore of its own: `make test` runs them where it is."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("aiobotocore") else ["test_*.py"]


@pytest.fixture(autouse=True)
def _own_garbage_is_collected() -> Iterator[None]:
    """A dropped connection warns in the test that dropped it, not in one that comes later."""
    yield
    gc.collect()
