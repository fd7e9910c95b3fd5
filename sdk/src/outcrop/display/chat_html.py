"""Messages and JSON as HTML. A message is a role and its parts, in the GenAI conventions' schema."""

from __future__ import annotations

import json
from typing import Any, cast

from outcrop.display.markup import Budget, block, escaped, more
from outcrop.display.tree import one_line

MAX_PARTS = 30
_NAME = 120


def message_html(message: dict[str, Any], budget: Budget) -> str:
    """One message."""
    parts = cast("list[dict[str, Any]]", message.get("parts") or [])
    reason = message.get("finish_reason")
    role = _short(message.get("role")) + (f" · {_short(reason)}" if reason else "")
    inner = "".join(_part(part, budget) for part in parts[:MAX_PARTS])
    return (
        f'<div class="ocp-message"><div class="ocp-role">{role}</div>{inner}'
        f"{more(len(parts) - MAX_PARTS, 'part')}</div>"
    )


def json_html(value: Any, budget: Budget) -> str:
    """Any JSON value, indented; a text as it is."""
    if budget.is_spent:
        return '<div class="ocp-more">… not shown here: the trace is large</div>'
    return block(value if isinstance(value, str) else _indented(value), budget)


def _part(part: dict[str, Any], budget: Budget) -> str:
    kind = part.get("type")
    content = part.get("content")
    if kind == "text" and isinstance(content, str):
        return block(content, budget, is_prose=True)
    if kind == "reasoning":
        thought = content if isinstance(content, str) else "(encrypted by the provider)"
        return f'<div class="ocp-part">reasoning</div>{block(thought, budget, is_prose=True)}'
    if kind == "tool_call":
        return _named("calls", part.get("name"), part.get("arguments"), budget)
    if kind == "tool_call_response":
        return _named("result of", part.get("id"), part.get("response"), budget)
    if kind in {"blob", "uri"}:
        return f'<div class="ocp-part">{_media(part)}</div>'
    return json_html(part.get("value", part), budget)


def _named(what: str, name: Any, value: Any, budget: Budget) -> str:
    return f'<div class="ocp-part">{what} <b>{_short(name)}</b></div>{json_html(value, budget)}'


def _media(part: dict[str, Any]) -> str:
    """Media are named, not shown: a notebook would keep every copy of a picture."""
    words = [part.get("modality"), part.get("mime_type"), part.get("name"), part.get("uri")]
    content = part.get("content")
    if isinstance(content, str):
        # base64 takes four characters for three bytes.
        words.append(f"{len(content) * 3 // 4:,} bytes")
    return " · ".join(_short(word) for word in words if word)


def _indented(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"(a {type(value).__name__} that has no form as text)"


def _short(value: Any) -> str:
    return escaped(one_line(str(value), _NAME))
