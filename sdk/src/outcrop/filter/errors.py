"""What is wrong with a filter, and where: a sentence, a column, and the place with a caret under it."""

from __future__ import annotations

from outcrop.exceptions import ConfigurationError

# So much of a long filter is shown on either side of the fault.
_AROUND = 36


class FilterError(ConfigurationError):
    """A filter cannot be understood.

    Attributes:
        message: a sentence that says what is wrong and what would be right.
        column: where the fault is, from 1.
        suggestion: the name that was probably meant; None if none is close.
        excerpt: the filter around the fault and, in a second line, a caret under it; may be empty.
    """

    def __init__(self, message: str, column: int, suggestion: str | None = None, excerpt: str = "") -> None:
        """See the attributes."""
        shown = f"\n{excerpt}" if excerpt else ""
        super().__init__(f"{message} (column {column}){shown}")
        self.message = message
        self.column = column
        self.suggestion = suggestion
        self.excerpt = excerpt

    def within(self, source: str) -> FilterError:
        """The same error with its place in `source`."""
        return FilterError(self.message, self.column, self.suggestion, excerpt(source, self.column))


def excerpt(source: str, column: int) -> str:
    """The surroundings of a column, from 1, as one line, and a caret below it."""
    at = min(max(column - 1, 0), len(source))
    start, end = max(at - _AROUND, 0), at + _AROUND
    before, after = ("…" if start else ""), ("…" if end < len(source) else "")
    # Every sign takes one place, line ends and tabs too.
    shown = "".join(sign if sign.isprintable() else " " for sign in source[start:end])
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + at - start)}^"


def did_you_mean(name: str, known: list[str]) -> str | None:
    """The known name that looks most like a given one."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a fault needs it

    close = get_close_matches(name.lower()[:100], known, n=1, cutoff=0.7)
    return close[0] if close else None
