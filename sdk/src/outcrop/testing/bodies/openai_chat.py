"""An OpenAI-like chat body: what several vendors on Bedrock speak, and the guess for those not known here.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html and, with the same schema,
model-parameters-palmyra-x5.html, model-parameters-jamba.html and invoke-imported-model.html beside it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask, OfferedTool, block_text, characters, last_text, prefer
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import OPENAI, in_words_of
from outcrop.testing.json_values import JsonObject, as_list, as_object, as_objects, as_text, to_json


def read_chat(body: JsonObject) -> Ask:
    """What a chat request asks."""
    messages = as_objects(body.get("messages"))
    functions = [as_object(tool.get("function")) for tool in as_objects(body.get("tools"))]
    tools = [
        OfferedTool(as_text(each.get("name")), as_object(each.get("parameters")))
        for each in functions
        if each
    ]
    forced = as_text(as_object(as_object(body.get("tool_choice")).get("function")).get("name"))
    return Ask(
        last_user_text=last_text(messages),
        tools=tuple(prefer(tools, forced)),
        tool_results=tuple(reversed(list(_newest_results(messages)))),
        prompt_characters=characters([messages, body.get("tools")]),
    )


def chat_message(answer: Answer) -> JsonObject:
    """The answer as a chat message."""
    message: JsonObject = {"role": "assistant", "content": _tagged_reasoning(answer) + answer.text}
    if answer.reasoning and not _is_tagging(answer):
        message["reasoning_content"] = answer.reasoning
    if answer.tool_uses:
        message["tool_calls"] = [
            {
                "id": use.tool_use_id,
                "type": "function",
                "function": {"name": use.name, "arguments": to_json(use.input).decode()},
            }
            for use in answer.tool_uses
        ]
    return message


def _is_tagging(answer: Answer) -> bool:
    """OpenAI's own models on Bedrock write their reasoning into the text, between tags."""
    return "openai." in answer.model_id


def _tagged_reasoning(answer: Answer) -> str:
    has_tags = bool(answer.reasoning) and _is_tagging(answer)
    return f"<reasoning>{answer.reasoning}</reasoning>" if has_tags else ""


def _newest_results(messages: list[JsonObject]) -> Iterator[str]:
    for message in reversed(messages):
        if message.get("role") != "tool":
            return
        content = message.get("content")
        yield content if isinstance(content, str) else block_text(as_list(content))


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    usage = answer.usage
    # Here, unlike in Converse, cached tokens are a part of the prompt's.
    counts: JsonObject = {
        "prompt_tokens": usage.total - usage.output_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total,
    }
    if usage.cache_read is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": usage.cache_read}
    choice = {"index": 0, "message": chat_message(answer), "finish_reason": _reason(answer)}
    return {**_envelope(answer, "chat.completion"), "choices": [choice], "usage": counts}


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    envelope = _envelope(answer, "chat.completion.chunk")
    yield {**envelope, "choices": [_choice({"role": "assistant", "content": ""}, None)]}
    if not _is_tagging(answer):
        for piece in answer.pieces(answer.reasoning):
            yield {**envelope, "choices": [_choice({"reasoning_content": piece}, None)]}
    for piece in answer.pieces(_tagged_reasoning(answer) + answer.text):
        yield {**envelope, "choices": [_choice({"content": piece}, None)]}
    for index, call in enumerate(chat_message(answer).get("tool_calls", [])):
        yield {**envelope, "choices": [_choice({"tool_calls": [{"index": index, **call}]}, None)]}
    yield {**envelope, "choices": [_choice({}, _reason(answer))]}


def _choice(delta: JsonObject, reason: str | None) -> JsonObject:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _reason(answer: Answer) -> str:
    return in_words_of(OPENAI, answer.stop_reason)


def _envelope(answer: Answer, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": answer.model_id,
    }


DIALECT = Dialect((), read_chat, _write, _stream)
