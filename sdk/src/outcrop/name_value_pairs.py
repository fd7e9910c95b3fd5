"""Variables in OpenTelemetry's form `name=value,name=value`, with percent escapes, taken apart. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote


class Pair(NamedTuple):
    """An entry; who reads it says what is wrong, since only that one knows whether it is a secret.

    Attributes:
        number: its place in the list, from 1.
        entry: as it was given.
        name: without escapes; empty where the entry is no pair.
        value: the same.
    """

    number: int
    entry: str
    name: str
    value: str


def pairs_in(text: str) -> Iterator[Pair]:
    """Every entry that is not empty."""
    entries = [entry.strip() for entry in text.split(",")]
    for number, entry in enumerate(filter(None, entries), 1):
        name, equals, value = entry.partition("=")
        yield Pair(number, entry, unquote(name.strip()) if equals else "", unquote(value.strip()))
