"""Reads a span: from captured attributes to inputs, outputs, chat, stream and usage.

Pure: the SDK (`get_trace`, in-memory traces) and the server (columns at ingest, the page) call the
same function, so that a better codec improves old traces too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outcrop.genai.view import SpanView

AttributeValue = str | bool | int | float | bytes | Sequence[Any] | Mapping[str, Any] | None


def read_span(name: str, attributes: Mapping[str, AttributeValue], *, attempts: int = 0) -> SpanView:
    """Reads one span.

    Args:
        name: the span's name.
        attributes: the span's attributes, raw exchange included.
        attempts: how many `outcrop.attempt` events the span has.

    Returns:
        The view; what cannot be read is said in its `problem`, never raised.
    """
    raise NotImplementedError
