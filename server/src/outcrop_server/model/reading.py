"""The shape of `outcrop.views.read_span`, so that tests can put another reader in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop.genai.view import SpanView


class ReadSpan(Protocol):
    """Reads a span's attributes into a view; pure."""

    def __call__(self, attributes: Mapping[str, Any], *, attempts: int = 0) -> SpanView:
        """The view; what cannot be read is said in its `problem`."""
        ...
