"""The terms that an index of texts keeps of a trace, gathered span by span. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop.filter.matching import text_of
from outcrop_server.storage.common.text_terms import terms_of
from outcrop_server.storage.common.wanted import OF_ATTRIBUTES, OF_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.model.span_text import SpanText


class _Texts:
    """Texts of one kind, each looked at once: every turn of a conversation repeats those before it."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.terms: set[bytes] = set()

    def add(self, texts: Iterable[str]) -> None:
        """Adds the terms of those that are new."""
        fresh = [text for text in texts if text not in self._seen]
        if fresh:
            self._seen.update(fresh)
            self.terms |= terms_of("\n".join(fresh))


class TraceWords:
    """Gathers the terms of a trace: those of its content as they are, others marked.

    Each kind has its own texts: what a list shows of a short prompt is the prompt, which is content too.
    """

    def __init__(self) -> None:
        self._content = _Texts()
        self._attributes = _Texts()
        self._columns = _Texts()

    def __len__(self) -> int:
        return len(self._content.terms)

    def add(self, text: SpanText, *columns: str | None) -> None:
        """Adds a span: its text, and what else free words are looked for in."""
        if text.content is not None:
            self._content.add(text.content.split("\n"))
        self.add_columns(*columns)
        self._attributes.add(
            f"{name} {value if isinstance(value, str) else text_of(value)}"
            for name, value in text.attributes.items()
            if value is not None and not isinstance(value, bytes)
        )

    def add_columns(self, *texts: str | None) -> None:
        """Adds what else free words are looked for in."""
        self._columns.add(text for text in texts if text)

    def all(self) -> set[bytes]:
        """Everything that the index is to have."""
        content = self._content.terms
        marked = {OF_ATTRIBUTES + term for term in self._attributes.terms - content}
        marked |= {OF_COLUMNS + term for term in self._columns.terms - content}
        return content | marked
