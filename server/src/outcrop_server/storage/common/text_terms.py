"""Text to the terms that the index keeps, and what is looked for to terms that must be there. Pure.

A term is a run of letters and digits, ASCII letters small. Scripts that are written without blanks are cut
into pairs of neighbours, so that a word of two characters is a term. What is looked for may stand within a
term: so any part of a text is found by the terms that hold its parts.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple

# Named one by one, not by Python's tables: those differ by version, and files outlive versions.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_SPACED = (
    "0-9a-z\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0dff\u0f00-\u0fff"
    "\u10a0-\u177f\u1800-\u1fff\u2c00-\u2dff\u3100-\u33ff\ua000-\ud7ff\ufb00-\ufdff\ufe70-\ufefe"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uffa0-\uffdc\U00010000-\U0001efff"
)
_RUNS = re.compile(f"([{_UNSPACED}]+)|[{_SPACED}]+")
# Longer terms are kept in pieces of this size that overlap by half: so whatever is half as long lies in one.
TERM_BYTES = 64
_PIECE = TERM_BYTES // 2
_LETTERS = (string.ascii_letters + string.digits).encode()
_SEPARATED = bytes(
    code if code > 127 else ord(chr(code).lower()) if code in _LETTERS else 32  # noqa: PLR2004 - beyond ASCII
    for code in range(256)
)


class Needle(NamedTuple):
    """What is looked for in the index.

    Attributes:
        pieces: each must stand within a term of the text; pairs of unspaced scripts are whole terms.
        is_exact: whether a text with such terms surely holds what was looked for.
        is_whole: whether what is looked for begins and ends where terms do.
    """

    pieces: tuple[bytes, ...]
    is_exact: bool
    is_whole: bool = False


def terms_of(text: str) -> set[bytes]:
    """The terms of a text."""
    found = set(_split(text))
    is_ascii = text.isascii()
    # Of most texts, every run is a term.
    if is_ascii and max(map(len, found), default=0) <= TERM_BYTES:
        return found
    if is_ascii:
        others = [run for run in found if len(run) > TERM_BYTES]
    else:
        others = [run for run in found if len(run) > TERM_BYTES or not run.isascii()]
    found.difference_update(others)
    for run in others:
        found |= _of_run(run)
    return found


def needle_of(text: str, *, is_whole: bool = False) -> Needle:
    """The pieces of what is looked for; none if it has no letter and no digit.

    Args:
        text: what is looked for.
        is_whole: whether no letter or digit stands before or behind it.
    """
    pieces: list[bytes] = []
    folded = _fold(text)
    is_exact = bool(folded)
    for match in _RUNS.finditer(folded.decode("utf-8", "replace")):
        run = match.group()
        is_exact = is_exact and run.encode() == folded
        if match[1] is None:
            pieces += _pieces(run)
            is_exact = is_exact and len(run.encode()) <= _PIECE
        else:
            pieces += [pair.encode() for pair in _pairs(run)]
            is_exact = is_exact and len(run) <= 2  # noqa: PLR2004 - a pair, or half of one
    return Needle(tuple(dict.fromkeys(pieces)), is_exact and bool(pieces), is_whole)


def is_term(piece: bytes, needle: Needle) -> bool:
    """Whether a piece of a needle is a whole term wherever it is found; of a longer one it is but a part."""
    return is_pair(piece) or (needle.is_whole and len(piece.decode()) < _PIECE)


def is_pair(piece: bytes) -> bool:
    """Whether a piece is a whole term, two neighbours of an unspaced script."""
    if piece.isascii():
        return False
    text = piece.decode()
    found = _RUNS.fullmatch(text)
    return len(text) == 2 and found is not None and found[1] is not None  # noqa: PLR2004 - a pair


def _fold(text: str) -> bytes:
    return text.encode("utf-8", "replace").lower()


def _split(text: str) -> list[bytes]:
    # Of UTF-8 all bytes but ASCII's are beyond 127: they stay together.
    return text.encode("utf-8", "replace").translate(_SEPARATED).split()


def _of_run(run: bytes) -> set[bytes]:
    found: set[bytes] = set()
    for match in _RUNS.finditer(run.decode()):
        part = match.group()
        if match[1] is not None:
            found.update(pair.encode() for pair in _pairs(part))
        else:
            found.update(_cut(part))
    return found


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _cut(run: str) -> list[bytes]:
    """A run as terms; by characters, of which a piece may have fewer than bytes."""
    if len(run) <= TERM_BYTES:
        return [run.encode()]
    starts = range(0, len(run) - _PIECE, _PIECE)
    return [run[at : at + TERM_BYTES].encode() for at in starts]


def _pieces(run: str) -> list[bytes]:
    """A run as pieces of which each lies within one term."""
    if len(run) <= _PIECE:
        return [run.encode()]
    starts = [*range(0, len(run) - _PIECE, _PIECE), len(run) - _PIECE]
    return [run[at : at + _PIECE].encode() for at in starts]
