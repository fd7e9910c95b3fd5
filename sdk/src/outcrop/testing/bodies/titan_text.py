"""Amazon Titan Text's body: one prompt, one text.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import TITAN, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("inputText"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    result = {
        "tokenCount": answer.usage.output_tokens,
        "outputText": answer.completion,
        "completionReason": in_words_of(TITAN, answer.stop_reason),
    }
    return {"inputTextTokenCount": answer.usage.input_tokens, "results": [result]}


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    pieces = list(answer.pieces(answer.completion)) or [""]
    for piece in pieces[:-1]:
        yield _chunk(piece, None, None, None)
    reason = in_words_of(TITAN, answer.stop_reason)
    yield _chunk(pieces[-1], answer.usage.output_tokens, reason, answer.usage.input_tokens)


def _chunk(text: str, output_tokens: int | None, reason: str | None, input_tokens: int | None) -> JsonObject:
    return {
        "outputText": text,
        "index": 0,
        "totalOutputTextTokenCount": output_tokens,
        "completionReason": reason,
        "inputTextTokenCount": input_tokens,
    }


DIALECT = Dialect(("inputText",), _read, _write, _stream)
