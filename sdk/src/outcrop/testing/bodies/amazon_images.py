"""Nova Canvas and Titan Image Generator: a task in, pictures in base64 out.

https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.pictures import PICTURE
from outcrop.testing.json_values import JsonObject, as_object, as_text

_MOST_IMAGES = 5


def _read(body: JsonObject) -> Ask:
    tasks = [as_object(value) for name, value in body.items() if name.endswith("Params")]
    text = " ".join(as_text(task.get("text")) for task in tasks)
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    if answer.stop_reason == "content_filtered":
        return {"images": [], "error": answer.text}
    asked = as_object(body.get("imageGenerationConfig")).get("numberOfImages")
    count = asked if isinstance(asked, int) and 0 < asked <= _MOST_IMAGES else 1
    return {"images": [PICTURE] * count, "error": None}


DIALECT = Dialect(("taskType",), _read, _write, None, has_output_tokens=False)
