"""Prompts answered by choices of text: DeepSeek-R1's body, and OpenAI's completions for imported models.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-deepseek.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import OPENAI, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("prompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write_deepseek(answer: Answer, _: JsonObject) -> JsonObject:
    return {"choices": [{"text": answer.completion, "stop_reason": _reason(answer)}]}


def _stream_deepseek(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    for piece in answer.pieces(answer.completion):
        yield {"choices": [{"text": piece, "stop_reason": None}]}
    yield {"choices": [{"text": "", "stop_reason": _reason(answer)}]}


def _write_openai(answer: Answer, _: JsonObject) -> JsonObject:
    usage = {
        "prompt_tokens": answer.usage.input_tokens,
        "total_tokens": answer.usage.total,
        "completion_tokens": answer.usage.output_tokens,
    }
    choice = {"index": 0, "text": answer.completion, "finish_reason": _reason(answer)}
    return {**_envelope(), "choices": [choice], "usage": usage}


def _stream_openai(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    envelope = _envelope()
    for piece in answer.pieces(answer.completion):
        yield {**envelope, "choices": [{"index": 0, "text": piece, "finish_reason": None}]}
    yield {**envelope, "choices": [{"index": 0, "text": "", "finish_reason": _reason(answer)}]}


def _envelope() -> JsonObject:
    return {"id": f"cmpl-{secrets.token_hex(16)}", "object": "text_completion", "created": int(time.time())}


def _reason(answer: Answer) -> str:
    return in_words_of(OPENAI, answer.stop_reason)


DEEPSEEK = Dialect(("prompt",), _read, _write_deepseek, _stream_deepseek)
OPENAI_COMPLETION = Dialect(("prompt",), _read, _write_openai, _stream_openai)
