"""Cuts what is too long, with a mark that says so. Pure."""

from __future__ import annotations


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a text, the mark among them."""
    if len(text) <= limit:
        return text
    mark = f"… [cut: {len(text):,} characters]"
    if len(mark) >= limit:
        return text[: limit - 1] + "…"
    return text[: limit - len(mark)] + mark


def body_mark(size_bytes: int, limit: int) -> str:
    """What stands in the place of a body that is too large whatever is cut of it."""
    return f"[cut: {size_bytes:,} bytes, more than the limit of {limit:,}]"
