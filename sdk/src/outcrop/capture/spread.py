"""Spreads a changed text over the pieces in which the original came. Pure.

What did not change stays in its piece; what takes the place of something stands in the piece in which that
began. Whatever the change, the pieces together are the changed text and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_PROBE = 8  # characters that must agree for the two texts to be in step again
_MAX_REPLACEMENT = 256  # characters of a replacement that are looked through for that


def spread(pieces: Sequence[str], changed: str) -> list[str]:
    """The changed text in as many pieces as the original had."""
    original = "".join(pieces)
    if changed == original:
        return list(pieces)
    changes = list(_changes(original, changed))
    out: list[str] = []
    position = taken = 0
    for piece in pieces[:-1]:
        position += len(piece)
        end = max(taken, _moved(position, changes))
        out.append(changed[taken:end])
        taken = end
    return [*out, changed[taken:]] if pieces else []


# A stretch of the original and the stretch that took its place: start, end, start, end.
_Change = tuple[int, int, int, int]


def _moved(position: int, changes: list[_Change]) -> int:
    """Where a position of the original lies in the changed text."""
    shift = 0
    for start, end, new_start, new_end in changes:
        if position <= start:
            break
        if position <= end:
            return new_end
        shift = new_end - end
        del new_start
    return position + shift


def _changes(before: str, after: str) -> Iterator[_Change]:
    i = j = 0
    while True:
        same = _common_length(before, i, after, j)
        i, j = i + same, j + same
        if i == len(before) and j == len(after):
            return
        next_i, next_j = _in_step_again(before, i, after, j)
        yield i, next_i, j, next_j
        i, j = next_i, next_j


def _common_length(left: str, i: int, right: str, j: int) -> int:
    limit = min(len(left) - i, len(right) - j)
    same, step = 0, 64
    while same < limit:
        size = min(step, limit - same)
        if left.startswith(right[j + same : j + same + size], i + same):
            same += size
            step = size * 2
        elif size == 1:
            break
        else:
            step = size // 2
    return same


def _in_step_again(before: str, i: int, after: str, j: int) -> tuple[int, int]:
    """The next positions from which both texts agree; their ends, if they never do."""
    for start in range(j, min(len(after), j + _MAX_REPLACEMENT)):
        probe = after[start : start + _PROBE]
        if len(probe) < _PROBE:
            place = len(before) - len(probe)
            if place >= i and before.endswith(probe):
                return place, start
            continue
        place = before.find(probe, i)
        if place >= 0:
            return place, start
    return len(before), len(after)
