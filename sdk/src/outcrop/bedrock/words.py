"""The words of a Converse call, read without making its conversation: for who looks into many payloads.

It gives what the whole reader would; where a call is of another kind, that one is to be asked (`test_words`
compares them on generated calls).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from outcrop.bedrock import converse
from outcrop.bedrock.content_blocks import read_blocks
from outcrop.bedrock.guardrail import guardrail_attributes
from outcrop.genai.content import texts_of_part
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, ParseJson, as_list, as_object, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names


def words_at(attributes: Mapping[str, Any], parse: ParseJson) -> tuple[SpanView, list[str]] | None:
    """What attributes are derived from, and the texts of the conversation; None for another kind of call.

    Args:
        attributes: the span's.
        parse: what parses bodies.
    """
    get = attributes.get
    if get(names.AWS_OPERATION) != "Converse" or names.STREAM_CHUNKS in attributes:
        return None
    if get(gen_ai.REQUEST_STREAM) is True or names.CONTENT in attributes or names.CUT in attributes:
        return None
    request, response = get(names.REQUEST_BODY), get(names.RESPONSE_BODY)
    if not isinstance(request, bytes) or not isinstance(response, bytes):
        return None
    asked, answered = parse(request), as_object(parse(response))
    texts = _texts(as_object(asked), answered)
    if not isinstance(asked, dict) or not answered or not texts:
        return None
    params = as_text(get(names.REQUEST_PARAMS))
    inputs = {**(as_object(parse(params)) if params else {}), **as_object(asked)}
    if "messages" not in asked or ("system" in inputs and "system" not in asked):
        return None
    return SpanView(
        span_type="",
        inputs=inputs,
        outputs=answered,
        usage=converse.read_usage(answered) or Usage(),
        request_model=as_text(get(gen_ai.REQUEST_MODEL)),
        response_model=converse.read_response_model(answered),
        finish_reason=converse.read_finish_reason(answered),
        request_attributes={
            **converse.request_attributes(inputs),
            **guardrail_attributes(inputs, answered),
        },
    ), texts


def _texts(request: JsonObject, response: JsonObject) -> list[str]:
    texts: list[str] = []
    _add(texts, request.get("system"))
    for message in as_list(request.get("messages")):
        _add(texts, as_object(message).get("content"))
    _add(texts, as_object(as_object(response.get("output")).get("message")).get("content"))
    return texts


def _add(texts: list[str], content: Any) -> None:
    """Adds what a list of content blocks says."""
    if not isinstance(content, list):
        content = [content] if isinstance(content, str) else []
    # What is no object is no plain text either.
    for block in cast("list[JsonObject]", content):
        # Nearly all are of this kind.
        text = block.get("text") if type(block) is dict and len(block) == 1 else None
        if type(text) is str:
            texts.append(text)
            continue
        for part in read_blocks([block]):
            texts.extend(texts_of_part(part))
