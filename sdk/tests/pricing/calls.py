"""Views of model calls, as a price needs them."""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.identity import with_identity
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView

# After every price change that the tests look at.
NOVEMBER_2026 = 1_795_000_000 * 10**9


def call(model: str | None, usage: Usage | None = None, **more: Any) -> SpanView:
    """A Bedrock call that took 1,000 tokens and gave 100, unless told otherwise."""
    values: dict[str, Any] = {"span_type": "CHAT_MODEL", "usage": usage or Usage(1000, 100), **more}
    attributes = values.pop("attributes", {})
    return with_identity(SpanView(request_model=model, **values), attributes)
