"""What is kept is set for one test and is the default again after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outcrop.kept_settings import KeptSettings
from outcrop.runtime import get_runtime


@pytest.fixture(autouse=True)
def _keeps_everything_again() -> Iterator[None]:
    before = get_runtime().kept
    yield
    get_runtime().keep(before)
    assert before == KeptSettings()
