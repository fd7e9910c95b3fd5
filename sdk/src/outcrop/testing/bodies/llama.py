"""Meta Llama's body: one prompt, one generation.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer, estimate_tokens
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import LLAMA, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("prompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    return {
        "generation": answer.completion,
        "prompt_token_count": answer.usage.input_tokens,
        "generation_token_count": answer.usage.output_tokens,
        "stop_reason": in_words_of(LLAMA, answer.stop_reason),
    }


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    """The first chunk counts the prompt, each counts what has come, the last says why it stopped."""
    prompt_tokens: int | None = answer.usage.input_tokens
    length = 0
    for piece in answer.pieces(answer.completion):
        length += len(piece)
        tokens = min(answer.usage.output_tokens, estimate_tokens(length))
        yield _chunk(piece, prompt_tokens, tokens, None)
        prompt_tokens = None
    yield _chunk("", prompt_tokens, answer.usage.output_tokens, in_words_of(LLAMA, answer.stop_reason))


def _chunk(text: str, prompt_tokens: int | None, tokens: int, reason: str | None) -> JsonObject:
    return {
        "generation": text,
        "prompt_token_count": prompt_tokens,
        "generation_token_count": tokens,
        "stop_reason": reason,
    }


DIALECT = Dialect(("prompt",), _read, _write, _stream)
