"""JSON text of bounded size: what is left out is said where it stood. Pure.

The OTLP exporter has no length limit of its own; receivers do, and refuse the whole batch. A span of bounded
attributes stays far below the 4 MiB that gRPC takes by default and the 20 MiB of the Collector's HTTP door.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from outcrop.json_reading import JsonObject, as_list

MAX_ATTRIBUTE_BYTES = 256 * 1024
# Of a too long text first the longest strings are cut; each round cuts harder.
_ROUNDS = (32_768, 4_096, 512)
_MAX_DEPTH = 60
# Room for the words that say what was left out.
_MARK_BYTES = 512


@dataclass(frozen=True)
class Fitted:
    """A text that fits.

    Attributes:
        text: JSON, but for a value that had to be cut in the middle.
        is_cut: whether something was left out.
        is_json: whether `text` is JSON still.
    """

    text: str
    is_cut: bool = False
    is_json: bool = True


def to_json(value: Any) -> str:
    """JSON text; numbers that JSON has no form for become text."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False)
    # Half a surrogate pair has no form on the wire.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def fit_messages(messages: list[JsonObject], limit: int = MAX_ATTRIBUTE_BYTES) -> Fitted:
    """Messages as JSON; of a conversation that is too long the newest are kept."""
    fitted, shorter = _shorten(messages, limit)
    if fitted is not None:
        return fitted
    bounded = [_fit_parts(message, limit // 2) for message in cast("list[JsonObject]", shorter)]
    return Fitted(to_json(_newest(bounded, limit, _message_mark)), is_cut=True)


def fit_parts(parts: list[JsonObject], limit: int = MAX_ATTRIBUTE_BYTES) -> Fitted:
    """Parts, such as system instructions, as JSON."""
    fitted, shorter = _shorten(parts, limit)
    return fitted or Fitted(to_json(_newest(cast("list[JsonObject]", shorter), limit, _part_mark)), True)


def fit_named(entries: list[JsonObject], limit: int = MAX_ATTRIBUTE_BYTES) -> Fitted:
    """Tool definitions or documents as JSON, the first ones where they are too many."""
    fitted, shorter = _shorten(entries, limit)
    if fitted is not None:
        return fitted
    kept = _newest(cast("list[JsonObject]", shorter)[::-1], limit, _entry_mark)
    return Fitted(to_json(kept[::-1]), is_cut=True)


def fit_value(value: Any, limit: int = MAX_ATTRIBUTE_BYTES) -> Fitted:
    """Any value as JSON; the last resort is JSON text that breaks off."""
    fitted, shorter = _shorten(value, limit)
    return fitted or Fitted(fit_text(to_json(shorter), limit).text, is_cut=True, is_json=False)


def fit_text(text: str, limit: int = MAX_ATTRIBUTE_BYTES) -> Fitted:
    """A text as it is, or its beginning."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return Fitted(data.decode(), is_json=False)
    kept = data[: max(limit - _MARK_BYTES, 0)].decode("utf-8", "ignore")
    return Fitted(f"{kept}… {_of(text)}", is_cut=True, is_json=False)


def _shorten(value: Any, limit: int) -> tuple[Fitted | None, Any]:
    """What fits, or None and the value with its strings cut as hard as may be."""
    text = to_json(value)
    if _size(text) <= limit:
        return Fitted(text), value
    shorter = value
    for characters in _ROUNDS:
        shorter = _cut_strings(value, characters)
        text = to_json(shorter)
        if _size(text) <= limit:
            return Fitted(text, is_cut=True), shorter
    return None, shorter


def _cut_strings(value: Any, characters: int, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value if len(value) <= characters else f"{value[:characters]}… {_of(value)}"
    if isinstance(value, dict | list) and depth >= _MAX_DEPTH:
        return f"[Outcrop: deeper than {_MAX_DEPTH} levels, left out]"
    if isinstance(value, dict):
        members = cast("JsonObject", value)
        if members.get("type") == "blob" and len(str(members.get("content"))) > characters:
            # Half a picture is none: it goes as a whole, and the part says so.
            return {**members, "content": "", "left_out": f"{len(str(members['content'])):,} characters"}
        return {name: _cut_strings(member, characters, depth + 1) for name, member in members.items()}
    if isinstance(value, list):
        return [_cut_strings(member, characters, depth + 1) for member in cast("list[Any]", value)]
    return value


def _fit_parts(message: JsonObject, limit: int) -> JsonObject:
    if _size(to_json(message)) <= limit:
        return message
    parts = cast("list[JsonObject]", as_list(message.get("parts")))
    return {**message, "parts": _newest(parts, limit, _part_mark)}


def _newest(entries: list[JsonObject], limit: int, mark: Callable[[int], JsonObject]) -> list[JsonObject]:
    """The last entries that fit, behind a mark that counts the others."""
    room = limit - _MARK_BYTES
    kept = 0
    for entry in reversed(entries):
        room -= _size(to_json(entry)) + 2  # a comma and a space
        if room < 0:
            break
        kept += 1
    if kept == len(entries):
        return entries
    return [mark(len(entries) - kept), *entries[len(entries) - kept :]]


def _message_mark(count: int) -> JsonObject:
    # A part of type text under a known role: what every back end shows.
    return {"role": "system", "parts": [_part_mark(count, "earlier messages")]}


def _part_mark(count: int, what: str = "parts") -> JsonObject:
    return {"type": "text", "content": f"[Outcrop: {count:,} {what} left out; the text was too long]"}


def _entry_mark(count: int) -> JsonObject:
    words = f"[Outcrop: {count:,} more left out; the text was too long]"
    return {"type": "left_out", "name": words, "id": words}


def _of(text: str) -> str:
    return f"[Outcrop: cut, it had {len(text):,} characters]"


def _size(text: str) -> int:
    # Plain ASCII, the usual case, needs no second copy.
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in cast("JsonObject", value).items()}
    if isinstance(value, list):
        return [_finite(member) for member in cast("list[Any]", value)]
    return value
