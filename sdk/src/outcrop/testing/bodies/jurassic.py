"""AI21 Jurassic-2's body: a prompt in, completions out; it does not stream.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jurassic2.html
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.stop_words import JURASSIC, in_words_of
from outcrop.testing.json_values import JsonObject, as_text


def _read(body: JsonObject) -> Ask:
    prompt = as_text(body.get("prompt"))
    return Ask(last_user_text=prompt, prompt_characters=len(prompt))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    reason = {"reason": in_words_of(JURASSIC, answer.stop_reason)}
    completion: JsonObject = {"data": {"text": answer.completion, "tokens": []}, "finishReason": reason}
    prompt: JsonObject = {"text": as_text(body.get("prompt")), "tokens": []}
    # Bedrock gives the id as a whole number.
    return {"id": 1234, "prompt": prompt, "completions": [completion]}


DIALECT = Dialect(("prompt",), _read, _write, None)
