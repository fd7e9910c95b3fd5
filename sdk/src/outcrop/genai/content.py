"""The words of a span: what was said, asked and answered in it, as one text. Pure.

Free words and the filter field `span.content` look here; the server indexes it, and asks the same function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from outcrop.json_reading import as_text

if TYPE_CHECKING:
    from outcrop.genai.messages import Part
    from outcrop.genai.view import SpanView

# Of one span no more is looked at: a book has about as many.
MAX_CHARACTERS = 1_000_000
# Such a long run of these is a picture or a document in base64, not a word.
_LEAST_BINARY = 1_000
_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]+")
_LOOK = 64
# More numbers in a list are a vector.
_MOST_NUMBERS = 32
# Whole numbers beyond are read differently by different parsers.
_MAX_NUMBER = 2.0**63
# Members of parts that say what kind of part it is.
_KINDS = frozenset({"type", "modality", "mime_type", "status"})
_PARTS = frozenset({"text", "reasoning", "tool_call", "tool_call_response", "blob", "uri", "generic"})
_SECRETS = frozenset({"signature", "redacted"})


def content_of(parts: Iterable[Part], inputs: Any, outputs: Any) -> str | None:
    """The words of a span, a line for each text; None if it has none.

    Args:
        parts: of its conversation: system prompt, what was sent, what came back; none if it is none.
        inputs: what went in, as JSON; read where there is no conversation.
        outputs: what came out, likewise.
    """
    return joined(_texts(parts, inputs, outputs))


def joined(given: Iterable[str]) -> str | None:
    """Texts as one, a line for each, without what is no word; None if nothing is left."""
    texts: list[str] = []
    length = 0
    for text in given:
        words = without_binaries(text)
        if not words or words.isspace():
            continue
        texts.append(words[: MAX_CHARACTERS - length])
        length += len(words) + 1
        if length >= MAX_CHARACTERS:
            break
    return "\n".join(texts) or None


def content_of_view(view: SpanView) -> str | None:
    """The same of a span that was read."""
    chat = view.chat
    if chat is None:
        return content_of((), view.inputs, view.outputs)
    messages = (*chat.messages, *chat.output)
    parts = [*chat.system, *(part for message in messages for part in message.parts)]
    return content_of(parts, view.inputs, view.outputs)


def without_binaries(text: str) -> str:
    """A text without what is base64 in it and long."""
    if len(text) < _LEAST_BINARY:
        return text
    # A long run covers one of the places that are so far apart; most texts have a blank near each.
    places = range(_LOOK, len(text) + 1, _LEAST_BINARY - _LOOK)
    if all(" " in text[place - _LOOK : place] for place in places):
        return text
    kept: list[str] = []
    end = 0
    for run in _BASE64.finditer(text):
        if run.end() - run.start() >= _LEAST_BINARY:
            kept.append(text[end : run.start()])
            end = run.end()
    return "".join([*kept, text[end:]]) if kept else text


def _texts(parts: Iterable[Part], inputs: Any, outputs: Any) -> Iterator[str]:
    has_parts = False
    for part in parts:
        has_parts = True
        yield from texts_of_part(part)
    if not has_parts:
        yield from _leaves(inputs)
        yield from _leaves(outputs)


def texts_of_part(part: Mapping[str, Any]) -> Iterator[str]:
    """What a part of a message says, in its order."""
    kind = part.get("type")
    for name, value in part.items():
        if name in _KINDS or name in _SECRETS or (name == "content" and kind == "blob"):
            continue
        if name == "response" and isinstance(value, list):
            yield from _of_response(cast("list[Any]", value))
        elif isinstance(value, str):
            yield value
        else:
            yield from _leaves(value)


def _of_response(items: list[Any]) -> Iterator[str]:
    """What a tool gave back: parts, or JSON of its own."""
    for item in items:
        part = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        yield from texts_of_part(part) if as_text(part.get("type")) in _PARTS else _leaves(item)


def _leaves(value: Any) -> Iterator[str]:
    """The texts and numbers in a JSON value, in their order."""
    # Not by recursion: JSON may be deep.
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(reversed(list(cast("dict[str, Any]", item).values())))
        elif isinstance(item, list | tuple):
            members = cast("list[Any]", item)
            is_vector = len(members) > _MOST_NUMBERS and isinstance(members[0], int | float)
            waiting.extend(() if is_vector else reversed(members))
        elif isinstance(item, int | float) and not isinstance(item, bool) and abs(item) < _MAX_NUMBER:
            yield str(item)
