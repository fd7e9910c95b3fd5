"""TwelveLabs' bodies: Pegasus answers a prompt about a video, Marengo gives a vector for a text or picture.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo-3.html (2.7 beside it).
AWS says that Pegasus streams and does not say how; the chunks here are pieces of the plain answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import OPENAI, in_words_of
from outcrop.testing.bodies.vectors import unit_vector
from outcrop.testing.json_values import JsonObject, as_object, as_text, to_json

_NEW_SIZE = 512
_OLD_SIZE = 1024


def _read_pegasus(body: JsonObject) -> Ask:
    prompt = as_text(body.get("inputPrompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write_pegasus(answer: Answer, _: JsonObject) -> JsonObject:
    return {"message": answer.text, "finishReason": in_words_of(OPENAI, answer.stop_reason)}


def _stream_pegasus(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    for piece in answer.pieces(answer.text):
        yield {"message": piece, "finishReason": None}
    yield {"message": "", "finishReason": in_words_of(OPENAI, answer.stop_reason)}


def _read_marengo(body: JsonObject) -> Ask:
    nested = as_object(body.get(as_text(body.get("inputType"))))
    text = as_text(nested.get("inputText")) or as_text(body.get("inputText"))
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write_marengo(answer: Answer, body: JsonObject) -> JsonObject:
    is_new = "marengo-embed-2" not in answer.model_id
    vector = unit_vector(to_json(body).decode(), _NEW_SIZE if is_new else _OLD_SIZE)
    return {"data": {"embedding": vector}} if is_new else {"embedding": vector}


PEGASUS = Dialect(("inputPrompt", "mediaSource"), _read_pegasus, _write_pegasus, _stream_pegasus)
MARENGO = Dialect(("inputType",), _read_marengo, _write_marengo, None, has_output_tokens=False)
