"""Pieces of markup that every part of a trace's HTML uses. Pure."""

from __future__ import annotations

import html

MAX_TEXT = 4000


class Budget:
    """How many characters of payload may still be shown."""

    def __init__(self, characters: int) -> None:
        """Starts with all of them."""
        self._left = characters

    @property
    def is_spent(self) -> bool:
        """Whether no more may be shown."""
        return self._left <= 0

    def take(self, text: str) -> tuple[str, int]:
        """As much of a text as may be shown, and how many characters of it are left out."""
        size = min(len(text), MAX_TEXT, self._left)
        self._left -= size
        return text[:size], len(text) - size


def escaped(text: str) -> str:
    """Text that is only text, wherever it stands: in an element or in a quoted attribute."""
    # What JSON escapes make may be half a surrogate pair, which no notebook file can hold.
    whole = text.encode("utf-8", "replace").decode()
    shown = "".join(_visible(character) for character in whole)
    return html.escape(shown, quote=True)


def block(text: str, budget: Budget, *, is_prose: bool = False) -> str:
    """A text in its own lines, cut where that must be; prose is set as prose, all else as code."""
    shown, left_out = budget.take(text)
    style = "ocp-text ocp-prose" if is_prose else "ocp-text"
    return f'<pre class="{style}">{escaped(shown)}</pre>{more(left_out, "character")}'


def more(count: int, what: str, where: str = "more") -> str:
    """What is left out; empty if nothing is."""
    if count <= 0:
        return ""
    return f'<div class="ocp-more">… {count:,} {where} {what}{"" if count == 1 else "s"} not shown here</div>'


def _visible(character: str) -> str:
    """What steers a display, such as what turns the direction of reading, is shown as a mark."""
    if character.isprintable() or character in "\n\t ":
        return character
    # Joiners belong to scripts and emoji, and other spaces to typography.
    if character in "\u200c\u200d\u00a0\u3000" or character.isspace():
        return character if character not in "\x0b\x0c\x1c\x1d\x1e\x1f\x85" else "\N{REPLACEMENT CHARACTER}"
    return "\N{REPLACEMENT CHARACTER}"
