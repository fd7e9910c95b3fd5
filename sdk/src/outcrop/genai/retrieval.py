"""What embedding and ranking models take and give: no conversation, so a form of their own. Plain data.

Codecs make these from a vendor's JSON; the server hands them to the page. Vectors stay in the raw answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outcrop.genai.messages import Part, preview, text_part

_PREVIEW_CHARACTERS = 200


@dataclass(frozen=True)
class Embedding:
    """What was embedded, and the vectors by number and size.

    Attributes:
        inputs: each input as one line: the first words of a text, `[image]` and the like for media.
        count: vectors in the answer; one that came in several number types counts once.
        dimensions: numbers in a vector; None if no vector came.
        types: number types or modalities that the answer names, such as `int8` or `AUDIO`.
    """

    inputs: tuple[str, ...] = ()
    count: int = 0
    dimensions: int | None = None
    types: tuple[str, ...] = ()

    @property
    def request_preview(self) -> str | None:
        """The first input."""
        return self.inputs[0] if self.inputs else None

    @property
    def response_preview(self) -> str | None:
        """Such as `3 vectors of 1,024`."""
        if not self.count:
            return None
        number = "1 vector" if self.count == 1 else f"{self.count:,} vectors"
        return number if self.dimensions is None else f"{number} of {self.dimensions:,}"


@dataclass(frozen=True)
class RankedItem:
    """One document of an answer.

    Attributes:
        index: its place among the documents that were sent.
        score: how well it fits, as the model says it.
        text: its first words.
    """

    index: int | None = None
    score: float | None = None
    text: str | None = None


@dataclass(frozen=True)
class Ranking:
    """Documents put in the order in which they fit a query.

    Attributes:
        query: what they were compared with.
        items: the best first, as the answer has them.
        document_count: how many documents were sent.
    """

    query: str | None = None
    items: tuple[RankedItem, ...] = ()
    document_count: int = 0

    @property
    def request_preview(self) -> str | None:
        """The first words of the query."""
        return None if self.query is None else preview([text_part(self.query)], _PREVIEW_CHARACTERS)

    @property
    def response_preview(self) -> str | None:
        """The best document and its score."""
        if not self.items:
            return None
        best = self.items[0]
        words = best.text or f"document {best.index}"
        return f"best: {words}" if best.score is None else f"best: {words} ({best.score:.3g})"


def input_line(parts: Sequence[Part]) -> str:
    """One input as one line: its words, or what it is if it has none."""
    words = preview(list(parts), _PREVIEW_CHARACTERS)
    if words is not None:
        return words
    return " ".join(f"[{part.get('modality', part.get('type'))}]" for part in parts)
