"""Mistral's two bodies: a prompt with outputs, or messages with choices. The request tells which.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.openai_chat import chat_message, read_chat
from outcrop.testing.bodies.stop_words import OPENAI, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    if "messages" in body:
        return read_chat(body)
    prompt = as_text(body.get("prompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    reason = in_words_of(OPENAI, answer.stop_reason)
    if "messages" in body:
        return {"choices": [{"index": 0, "message": chat_message(answer), "stop_reason": reason}]}
    return _output(answer.completion, reason)


def _stream(answer: Answer, body: JsonObject) -> Iterator[JsonObject]:
    reason = in_words_of(OPENAI, answer.stop_reason)
    if "messages" not in body:
        yield from (_output(piece, None) for piece in answer.pieces(answer.completion))
        yield _output("", reason)
        return
    for piece in answer.pieces(answer.text):
        yield _choice({"role": "assistant", "content": piece}, None)
    yield _choice({**chat_message(answer), "content": ""}, reason)


def _output(text: str, reason: str | None) -> JsonObject:
    return {"outputs": [{"text": text, "stop_reason": reason}]}


def _choice(message: JsonObject, reason: str | None) -> JsonObject:
    return {"choices": [{"index": 0, "message": message, "stop_reason": reason}]}


DIALECT = Dialect((), _read, _write, _stream)
