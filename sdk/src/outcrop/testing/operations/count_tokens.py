"""CountTokens: how many tokens a Converse or InvokeModel request would be, estimated as their answers do.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace

from outcrop.testing.answer import estimate_tokens
from outcrop.testing.ask import read_converse
from outcrop.testing.bodies.choice import choose_dialect
from outcrop.testing.conversation_rules import check_converse
from outcrop.testing.errors import ServiceError, ValidationError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response
from outcrop.testing.json_values import JsonObject, as_object, as_text
from outcrop.testing.operations.invoke_model import check_invoke
from outcrop.testing.operations.operation import Operation, by_operation
from outcrop.testing.recording import RecordedRequest


def _check(request: RecordedRequest) -> ServiceError | None:
    asked = as_object(as_object(request.json).get("input"))
    if "converse" in asked:
        return check_converse(replace(request, json=asked["converse"]))
    if "invokeModel" in asked:
        return check_invoke(replace(request, json=_invoke_body(asked)))
    return ValidationError("The input field must hold either converse or invokeModel.")


def _respond(exchange: Exchange) -> Response:
    asked = as_object(exchange.body.get("input"))
    if "converse" in asked:
        ask = read_converse(as_object(asked["converse"]))
    else:
        body = _invoke_body(asked)
        ask = choose_dialect(exchange.model_id, body).read(body)
    return exchange.json_answer({"inputTokens": estimate_tokens(ask.prompt_characters)})


def _invoke_body(asked: JsonObject) -> JsonObject:
    """The body as the caller would give it to InvokeModel; empty if it is no JSON object."""
    try:
        encoded = as_text(as_object(asked.get("invokeModel")).get("body"))
        return as_object(json.loads(base64.b64decode(encoded)))
    except (binascii.Error, ValueError):
        return {}


OPERATION = Operation("CountTokens", "POST", "/model/{modelId}/count-tokens", _check, _respond, by_operation)
