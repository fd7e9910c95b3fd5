"""The pytest fixture `bedrock_emulator`, registered for every run in which Outcrop is installed.

So it imports nothing of its own until a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outcrop.testing.emulator import BedrockEmulator


@pytest.fixture
def bedrock_emulator() -> Iterator[BedrockEmulator]:
    """A fresh, started Bedrock emulator; unscripted streams come without delays."""
    from outcrop.testing.emulator import BedrockEmulator  # noqa: PLC0415 - only for tests that ask for it

    with BedrockEmulator(default_chunk_delay_s=0.0) as emulator:
        yield emulator
