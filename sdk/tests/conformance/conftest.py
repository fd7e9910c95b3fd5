"""One laboratory for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sdk.tests.conformance.laboratory import Laboratory, open_laboratory


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    """Where calls are made untraced and traced."""
    with open_laboratory() as opened:
        yield opened
