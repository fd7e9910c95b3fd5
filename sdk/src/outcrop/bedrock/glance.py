"""A Bedrock span at a glance: what lists, filters and costs need of it, and nothing else.

For whoever takes in thousands of spans a second. Where a call is not of the plain kind that nearly all are,
the whole reader is asked; both give the same (`test_glance` compares them on generated calls).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

from outcrop.bedrock import converse
from outcrop.bedrock.view import read_bedrock_span
from outcrop.genai.messages import words_of
from outcrop.genai.previews import request_preview, response_preview, tool_calls
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, ParseJson, as_list, as_object, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

# Blocks whose words are read from within.
_WITH_WORDS = frozenset({"guardContent", "citationsContent"})


def glance_at(span_type: str, attributes: Mapping[str, Any], attempts: int, parse: ParseJson) -> SpanView:
    """Reads what `read_bedrock_span` would, but for conversation, parameters, and all chunks but the first.

    Args:
        span_type: a value of `outcrop.entities.SpanType`.
        attributes: the span's.
        attempts: HTTP attempts that the call took.
        parse: what parses bodies.
    """
    get = attributes.get
    if get(names.AWS_OPERATION) == "Converse" and names.STREAM_CHUNKS not in attributes:
        request, response = get(names.REQUEST_BODY), get(names.RESPONSE_BODY)
        if isinstance(request, bytes) and isinstance(response, bytes):
            asked, answered = parse(request), parse(response)
            if isinstance(asked, dict) and isinstance(answered, dict) and answered:
                return _glance_at_converse(
                    span_type, attributes, attempts, as_object(asked), as_object(answered)
                )
    view = read_bedrock_span(span_type, attributes, attempts, parse)
    if view.stream is not None:
        view.stream = replace(view.stream, chunks=view.stream.chunks[:1])
    return view


def _glance_at_converse(
    span_type: str,
    attributes: Mapping[str, Any],
    attempts: int,
    asked: dict[str, Any],
    answered: dict[str, Any],
) -> SpanView:
    words, tools = _said(answered)
    if words is None:
        # Media, or an answer of an unknown kind.
        words = response_preview(converse.read_output(answered))
    return SpanView(
        span_type=span_type,
        inputs=asked,
        outputs=answered,
        usage=converse.read_usage(answered) or Usage(),
        request_model=as_text(attributes.get(gen_ai.REQUEST_MODEL)),
        response_model=converse.read_response_model(answered) if "trace" in answered else None,
        finish_reason=as_text(answered.get("stopReason")),
        tool_calls=tools,
        attempts=attempts,
        request_preview=_asked(asked) or request_preview(partial(converse.read_messages, asked)),
        response_preview=words,
    )


def _asked(request: dict[str, Any]) -> str | None:
    """The newest words of the user; None where the whole reader has to look."""
    for message in reversed(as_list(request.get("messages"))):
        found = _blocks(message)
        if found is None:
            return None
        texts, kinds = found
        role = message.get("role")
        if "toolResult" in kinds:
            if texts or len(set(kinds)) > 1 or role != "user":
                return None
            # What tools gave back has no words of the user's.
            continue
        words = words_of(texts)
        if words:
            return words if role != "tool" else None
    return None


def _said(answered: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """The first words of the answer, None where the whole reader has to look, and the tools it asks for."""
    message = as_object(answered.get("output")).get("message")
    found = _blocks(message)
    if found is None or as_object(message).get("role") == "user":
        return None, tool_calls(converse.read_output(answered))
    texts, kinds = found
    tools: tuple[str, ...] = ()
    if "toolUse" in kinds:
        uses = [block["toolUse"] for block in as_object(message)["content"] if "toolUse" in block]
        tools = tuple(as_text(use.get("name")) or "unknown" for use in uses)
    return words_of(texts) or (f"→ {', '.join(tools)}" if tools else None), tools


def _blocks(message: Any) -> tuple[list[str], list[str]] | None:
    """The texts of a message and the kinds of its other blocks; None where it is of no plain kind."""
    content = as_object(message).get("content")
    if not isinstance(content, list):
        return None
    texts: list[str] = []
    kinds: list[str] = []
    for block in cast("list[JsonObject]", content):
        # What is none is not of a plain kind either.
        if type(block) is not dict or len(block) != 1:
            return None
        for kind, value in block.items():
            if kind == "text" and type(value) is str:
                texts.append(value)
            elif type(value) is not dict or kind in _WITH_WORDS:
                return None
            else:
                kinds.append(kind)
    return texts, kinds
