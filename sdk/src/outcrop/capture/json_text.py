"""Rewrites the string values of a JSON text and leaves the rest of it byte for byte: keys, numbers, spacing.

Works on the text itself, so half a JSON text, such as a stream that broke off, is read as far as it goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

# A value and the key it stands under, if it stands under one, to the value as it is to be.
StringChange = Callable[[str, "str | None"], str]


def rewrite_strings(text: str, change: StringChange, change_key: Callable[[str], str] | None = None) -> str:
    """Puts `change` to work on every string value of a JSON text; the last one may lack its end.

    Args:
        text: the JSON text.
        change: gives a value as it is to be.
        change_key: likewise for keys; without it they stay.
    """
    parts: list[str] = []
    done = 0
    key: str | None = None
    for literal in _literals().finditer(text):
        start, end = literal.span()
        if _colon().match(text, end):
            key = _decoded(literal.group())
            renamed = key if change_key is None else change_key(key)
            if renamed != key:
                parts += text[done:start], quoted(renamed)
                done = end
            continue
        under = key if key is not None and _is_value_of_key(text, start) else None
        key = None
        value = _decoded(literal.group())
        changed = change(value, under)
        if changed != value:
            parts += text[done:start], quoted(changed)
            done = end
    return "".join((*parts, text[done:])) if parts else text


def quoted(text: str) -> str:
    """A string as JSON; half a surrogate pair, which UTF-8 has no form for, as an escape."""
    return dump_json(text)


def dump_json(value: Any) -> str:
    """JSON without spaces that can be written as UTF-8."""
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not shown.isascii():
        try:
            shown.encode()
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":"))
    return shown


def load_json(text: str | bytes) -> tuple[bool, Any]:
    """Whether a text is JSON, and what it says."""
    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


# Compiled by the first who needs them: most programs never do.
@lru_cache(maxsize=1)
def _literals() -> re.Pattern[str]:
    return re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


@lru_cache(maxsize=1)
def _colon() -> re.Pattern[str]:
    return re.compile(r"[ \t\r\n]*:")


def _is_value_of_key(text: str, start: int) -> bool:
    before = start - 1
    while before >= 0 and text[before] in " \t\r\n":
        before -= 1
    return before >= 0 and text[before] == ":"


def _decoded(literal: str) -> str:
    is_whole = len(literal) > 1 and literal.endswith('"')
    if "\\" not in literal:
        return literal[1:-1] if is_whole else literal[1:]
    # Of an escape that broke off, up to five characters are left over.
    for cut in range(6):
        try:
            return str(
                json.loads(literal[: len(literal) - cut] + '"' * (not is_whole or cut > 0), strict=False)
            )
        except ValueError:
            continue
    return literal[1:]
