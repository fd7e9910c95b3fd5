"""What text conditions of a filter look at in a span: its words and its attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SpanText:
    """A span's text.

    Attributes:
        content: its words, a line for each text; None if it has none. See `outcrop.genai.content`.
        attributes: those that it is shown with, by name.
    """

    content: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


# From a payload as a store keeps it; of one that cannot be read it gives a span without text.
ReadText = Callable[[bytes], SpanText]
