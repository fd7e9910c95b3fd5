"""Cohere Command's body: a prompt in, generations out.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import COHERE, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("prompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    reason = in_words_of(COHERE, answer.stop_reason)
    generation = {"finish_reason": reason, "id": _new_id(), "text": answer.completion}
    return {"generations": [generation], "id": _new_id(), "prompt": as_text(body.get("prompt"))}


def _stream(answer: Answer, body: JsonObject) -> Iterator[JsonObject]:
    beside = {"id": _new_id(), "prompt": as_text(body.get("prompt"))}
    generation_id = _new_id()
    for piece in answer.pieces(answer.completion):
        yield {"generations": [{"id": generation_id, "text": piece, "is_finished": False}], **beside}
    reason = in_words_of(COHERE, answer.stop_reason)
    last = {"id": generation_id, "text": "", "is_finished": True, "finish_reason": reason}
    yield {"generations": [last], **beside}


def _new_id() -> str:
    return secrets.token_hex(16)


DIALECT = Dialect(("prompt",), _read, _write, _stream)
