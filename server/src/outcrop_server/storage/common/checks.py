"""What is left of a filter where SQL has told what it can: a tree over the columns of a row. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from outcrop.filter.patterns.pattern import compiled

if TYPE_CHECKING:
    from outcrop.filter.ast import Comparison
    from outcrop_server.storage.common.sql import Sql


@dataclass(frozen=True)
class Known:
    """A part that SQL tells: a column of the row, true or false."""

    column: int


@dataclass(frozen=True)
class Matched:
    """A regular expression over what a column of the row holds: a text, or an array of texts."""

    column: int
    comparison: Comparison


@dataclass(frozen=True)
class Said:
    """Free words: found where the column is true; else they may stand in the payloads of the trace."""

    column: int
    words: str


@dataclass(frozen=True)
class OfPayload:
    """A comparison of what lies in a span's payload."""

    comparison: Comparison


@dataclass(frozen=True, eq=False)
class InSpan:
    """One span of which something holds that takes a look at each: at `rows` of `span`.

    Attributes:
        rows: which spans can be it.
        columns: expressions over `span` that `check` names.
        check: what holds of it.
        needed: comparisons of texts that each such span fits.
    """

    rows: Sql
    columns: tuple[Sql, ...]
    check: Check
    needed: tuple[Comparison, ...]


@dataclass(frozen=True)
class Every:
    """All of these; the cheapest first."""

    terms: tuple[Check, ...]


@dataclass(frozen=True)
class Some:
    """One of these or more; the cheapest first."""

    terms: tuple[Check, ...]


@dataclass(frozen=True)
class Inverse:
    """Where the other does not hold."""

    term: Check


Check = Known | Matched | Said | OfPayload | InSpan | Every | Some | Inverse
# Whether something far holds; None where that is not known yet.
Resolve = Callable[[Said | InSpan | OfPayload], bool | None]


def holds(check: Check, row: tuple[Any, ...], resolve: Resolve, on_work: Callable[[], None]) -> bool | None:
    """Whether a check holds of a row of its columns; None where it depends on what is not known.

    Args:
        check: what is left of a plan, or of a span.
        row: the values of its columns.
        resolve: told of what lies elsewhere.
        on_work: called now and then; may raise.
    """
    if isinstance(check, Known):
        return bool(row[check.column])
    if isinstance(check, Matched):
        value = row[check.column]
        texts = cast("list[str | None]", value if isinstance(value, list) else [value])
        pattern = compiled(str(check.comparison.value))
        found = any(pattern.is_in(text, on_work) for text in texts if text is not None)
        return found is not check.comparison.operator.is_negative
    if isinstance(check, Said):
        return True if row[check.column] else resolve(check)
    if isinstance(check, InSpan | OfPayload):
        return resolve(check)
    if isinstance(check, Inverse):
        inner = holds(check.term, row, resolve, on_work)
        return None if inner is None else not inner
    decisive = isinstance(check, Some)
    result: bool | None = not decisive
    for term in check.terms:
        found_of_term = holds(term, row, resolve, on_work)
        if found_of_term is decisive:
            return decisive
        if found_of_term is None:
            result = None
    return result


def far_parts(check: Check) -> list[Said | InSpan]:
    """What of a check is to be resolved."""
    if isinstance(check, Said | InSpan):
        return [check]
    if isinstance(check, Inverse):
        return far_parts(check.term)
    if isinstance(check, Every | Some):
        return [part for term in check.terms for part in far_parts(term)]
    return []


def cost(check: Check) -> int:
    """What is to be looked at first: 0 for what is in the row, more for what lies further."""
    if isinstance(check, Known):
        return 0
    if isinstance(check, Matched):
        return 1
    if isinstance(check, Inverse):
        return cost(check.term)
    if isinstance(check, Every | Some):
        return max(map(cost, check.terms))
    return 2 if isinstance(check, Said) else 3
