"""The terms of a trace: the words by which its spans are found (names, types, models, errors, tools, tags).

Pure. Engines keep an index from terms to traces. Of spans it holds exactly what they say; of tags it may hold
more than is true (one that was edited), never less: searches leave out traces by it, and test those that are
left.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outcrop_server.model.new_span import NewSpan


# By what a filter speaks of, and the field's name: the kind of the terms that hold its values.
TERMS_OF_FIELDS = {
    "trace": {
        "name": "name",
        "model": "model",
        "tool": "tool",
        "vendor": "vendor",
        "finish_reason": "finish_reason",
        "error": "error",
        "error_type": "error",
    },
    "span": {
        "name": "name",
        "type": "type",
        "model": "model",
        "vendor": "vendor",
        "finish_reason": "finish_reason",
        "error_type": "error",
    },
}


class Term(NamedTuple):
    """What is said (`name`, `model`, `tag.env`, ...) and its value."""

    kind: str
    value: str


def terms_of(spans: Iterable[NewSpan]) -> set[Term]:
    """The terms of some spans of one trace."""
    found: set[Term] = set()
    seen: set[tuple[str | None, ...]] = set()
    for span in spans:
        row = span.row
        error = None if row.error is None else row.error.type
        said = (row.name, row.span_type, row.model, row.vendor, row.finish_reason, error, row.status)
        if said not in seen:
            seen.add(said)
            found |= _said(*said)
        for tool in span.tools:
            found.add(Term("tool", tool))
        if span.tags or span.metadata:
            found |= texts_terms(span.tags, span.metadata)
    return found


# The spans of all traces say the same few things again and again.
@lru_cache(maxsize=4096)
def _said(  # noqa: PLR0917 - for the cache; what a row says of itself, in the order of its columns
    name: str,
    span_type: str,
    model: str | None,
    vendor: str | None,
    finish_reason: str | None,
    error: str | None,
    status: str,
) -> frozenset[Term]:
    failed = span_type if status == "ERROR" else None
    values = {
        "name": name,
        "type": span_type,
        "model": model,
        "vendor": vendor,
        "finish_reason": finish_reason,
        "error": error,
        "failed": failed,
    }
    return frozenset(Term(kind, value) for kind, value in values.items() if value is not None)


def texts_terms(tags: Mapping[str, str | None], metadata: Mapping[str, str | None]) -> set[Term]:
    """The terms of tags and metadata; None is one that is deleted."""
    texts = (("tag", tags), ("metadata", metadata))
    return {
        Term(f"{entity}.{name}", value)
        for entity, pairs in texts
        for name, value in pairs.items()
        if value is not None
    }
