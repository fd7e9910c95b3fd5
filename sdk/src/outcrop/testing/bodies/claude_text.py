"""Claude's legacy text completions body: a prompt of turns in, a completion out.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import CLAUDE_TEXT, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("prompt"))
    newest = prompt.rpartition("\n\nHuman:")[2].partition("\n\nAssistant:")[0].strip()
    return Ask(last_user_text=newest, prompt_characters=len(prompt))


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    return _completion(answer.completion, in_words_of(CLAUDE_TEXT, answer.stop_reason))


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    yield from (_completion(piece, None) for piece in answer.pieces(answer.completion))
    yield _completion("", in_words_of(CLAUDE_TEXT, answer.stop_reason))


def _completion(text: str, reason: str | None) -> JsonObject:
    stop = "\n\nHuman:" if reason == "stop_sequence" else None
    return {"type": "completion", "completion": text, "stop_reason": reason, "stop": stop}


DIALECT = Dialect(("prompt", "max_tokens_to_sample"), _read, _write, _stream)
