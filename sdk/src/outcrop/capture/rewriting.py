"""Puts a change to work on the plain text within a text, however it is wrapped: JSON, escapes, base64."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from outcrop.capture.json_text import load_json, rewrite_strings

_MAX_DEPTH = 5
_MIN_BASE64, _MIN_BINARY = 8, 256  # characters


class Change(NamedTuple):
    """What is done with texts.

    Attributes:
        text: gives a plain text as it is to be.
        key: likewise a key of a JSON object; None leaves keys alone.
        binary: likewise a long base64 text that holds no words, such as a picture; None leaves them alone.
        spared: keys whose values stay.
    """

    text: Callable[[str], str]
    key: Callable[[str], str] | None = None
    binary: Callable[[str], str] | None = None
    spared: frozenset[str] = frozenset()


def rewrite_text(text: str, change: Change, depth: int = 0) -> str:
    """Changes a text; JSON within it stays JSON, and base64 stays base64.

    Args:
        text: any text.
        change: what is done.
        depth: how many wrappings have been opened.
    """
    if not text or depth > _MAX_DEPTH:
        return change.text(text) if text else text
    if text[0] in '{[" \t\r\n' and is_json_document(text):
        return _rewrite_json(text, change, depth)
    if _is_base64(text):
        inner = _wrapped_text(text)
        if inner is not None:
            changed = rewrite_text(inner, change, depth + 1)
            if changed != inner:
                return base64.b64encode(changed.encode("utf-8", "replace")).decode()
        elif len(text) >= _MIN_BINARY:
            return text if change.binary is None else change.binary(text)
    changed = change.text(text)
    if "\\" in changed and '"' in changed:
        # JSON among other text, such as lines of it: its escapes may hide something.
        changed = _rewrite_json(changed, change, depth)
    return changed


def rewrite_bytes(data: bytes, change: Change) -> bytes:
    """The same for a body; what is no UTF-8 is binary, and left alone."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    changed = rewrite_text(text, change)
    return data if changed == text else changed.encode("utf-8", "replace")


def is_json_document(text: str) -> bool:
    """Whether a text is a JSON object, array or string."""
    return text.lstrip()[:1] in {"{", "[", '"'} and load_json(text)[0]


def _rewrite_json(text: str, change: Change, depth: int) -> str:
    def change_value(value: str, key: str | None) -> str:
        return value if key in change.spared else rewrite_text(value, change, depth + 1)

    return rewrite_strings(text, change_value, change.key)


@lru_cache(maxsize=1)
def _base64_form() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/]+={0,2}")


def _is_base64(text: str) -> bool:
    return len(text) >= _MIN_BASE64 and len(text) % 4 == 0 and _base64_form().fullmatch(text) is not None


def _wrapped_text(text: str) -> str | None:
    """The words in base64; None if it holds something else."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
