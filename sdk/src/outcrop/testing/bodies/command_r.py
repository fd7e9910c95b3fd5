"""Cohere Command R's body: a message with its history in, a text or tool calls out.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html; its stream
is Cohere's: https://docs.cohere.com/v2/reference/chat-stream-v1
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask, OfferedTool, characters
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import COHERE, in_words_of
from outcrop.testing.json_values import JsonObject, as_object, as_objects, as_text, to_json


def _read(body: JsonObject) -> Ask:
    tools = as_objects(body.get("tools"))
    results = as_objects(body.get("tool_results"))
    return Ask(
        last_user_text=as_text(body.get("message")),
        tools=tuple(OfferedTool(as_text(tool.get("name")), _schema(tool)) for tool in tools),
        tool_results=tuple(to_json(result.get("outputs")).decode() for result in results),
        prompt_characters=characters([body.get("preamble"), body.get("chat_history"), body.get("message")]),
    )


def _schema(tool: JsonObject) -> JsonObject:
    definitions = as_object(tool.get("parameter_definitions"))
    return {"type": "object", "properties": {name: {"type": "string"} for name in definitions}}


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    return {
        "response_id": secrets.token_hex(16),
        "text": answer.text,
        "generation_id": secrets.token_hex(16),
        **_calls(answer),
        "finish_reason": in_words_of(COHERE, answer.stop_reason),
    }


def _stream(answer: Answer, body: JsonObject) -> Iterator[JsonObject]:
    whole = _write(answer, body)
    yield {"is_finished": False, "event_type": "stream-start", "generation_id": whole["generation_id"]}
    for piece in answer.pieces(answer.text):
        yield {"is_finished": False, "event_type": "text-generation", "text": piece}
    if answer.tool_uses:
        yield {"is_finished": False, "event_type": "tool-calls-generation", **_calls(answer)}
    counts = {"input_tokens": answer.usage.input_tokens, "output_tokens": answer.usage.output_tokens}
    # AWS's page: `meta` exists in streams only.
    meta = {"api_version": {"version": "1"}, "billed_units": counts}
    yield {
        "is_finished": True,
        "event_type": "stream-end",
        "finish_reason": whole["finish_reason"],
        "response": {**whole, "meta": meta},
    }


def _calls(answer: Answer) -> JsonObject:
    calls = [{"name": use.name, "parameters": use.input} for use in answer.tool_uses]
    return {"tool_calls": calls} if calls else {}


DIALECT = Dialect(("message",), _read, _write, _stream)
