"""Texts without capitals, for ASCII alone, as SQL compares them. Pure."""

from __future__ import annotations

import string

_FOLDING = {ord(capital): capital.lower() for capital in string.ascii_uppercase}


def folded(text: str) -> str:
    """The text with small ASCII letters."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)
