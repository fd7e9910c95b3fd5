"""Looks for marks in what was sent or is shown, wherever and in whatever form they stand there."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Iterator
from typing import Any, cast

from outcrop.json_reading import as_object

_MARK = re.compile(r"mark\d+x")


def marks_in(value: Any) -> set[str]:
    """Marks in a value as boto3 takes it, or in a view's JSON: in texts, in names, in bytes and base64."""
    return {mark for text in _texts(value) for mark in _MARK.findall(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield _decoded(value)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _texts({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    elif isinstance(value, dict):
        for name, member in as_object(value).items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from _texts(item)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
