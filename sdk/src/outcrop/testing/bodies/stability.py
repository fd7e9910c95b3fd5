"""Stability's bodies: `images` for a prompt, or SDXL's `artifacts` for weighted prompts.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-diffusion-3-text-image.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-diffusion-1-0-text-image.html
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.pictures import PICTURE
from outcrop.testing.json_values import JsonObject, as_objects, as_text

_SEED = 2130420379


def _read(body: JsonObject) -> Ask:
    weighted = [as_text(prompt.get("text")) for prompt in as_objects(body.get("text_prompts"))]
    text = " ".join([as_text(body.get("prompt")), *weighted]).strip()
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    is_filtered = answer.stop_reason == "content_filtered"
    if "text_prompts" in body:
        reason = "CONTENT_FILTERED" if is_filtered else "SUCCESS"
        artifact = {"seed": _SEED, "base64": PICTURE, "finishReason": reason}
        return {"result": "success", "artifacts": [artifact]}
    if is_filtered:
        return {"finish_reasons": ["Filter reason: prompt"]}
    return {"seeds": [_SEED], "finish_reasons": [None], "images": [PICTURE]}


DIALECT = Dialect((), _read, _write, None, has_output_tokens=False)
