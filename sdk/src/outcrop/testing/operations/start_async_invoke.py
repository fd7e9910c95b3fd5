"""StartAsyncInvoke: a job whose answer would go to S3; here it only has a status.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_StartAsyncInvoke.html
"""

from __future__ import annotations

import re

from outcrop.testing.errors import Conflict, ServiceError, ValidationError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response, error_response
from outcrop.testing.json_values import as_object, as_text, is_object
from outcrop.testing.operations.operation import Operation
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import AsyncOutcome

_REGION = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_DEFAULT_REGION = "us-east-1"


def _check(request: RecordedRequest) -> ServiceError | None:
    body = as_object(request.json)
    target = as_object(as_object(body.get("outputDataConfig")).get("s3OutputDataConfig"))
    if not as_text(target.get("s3Uri")).startswith("s3://"):
        return ValidationError("Invalid S3 URI in outputDataConfig: it must begin with s3://.")
    if not is_object(body.get("modelInput")):
        return ValidationError("Malformed input request, please reformat your input and try again.")
    return None


def _respond(exchange: Exchange) -> Response:
    scripted = exchange.scripted
    outcome = scripted if isinstance(scripted, AsyncOutcome) else AsyncOutcome()
    job = exchange.jobs.start(exchange.body, _region(exchange.request), outcome)
    if job is None:
        return error_response(Conflict("The client request token was used with other parameters."))
    answer = exchange if scripted is not outcome else exchange.without_script()
    return answer.json_answer({"invocationArn": job.arn})


def _region(request: RecordedRequest) -> str:
    found = _REGION.search(request.headers.get("authorization", ""))
    return found.group(1) if found else _DEFAULT_REGION


def _by_model(request: RecordedRequest) -> str:
    return as_text(as_object(request.json).get("modelId"))


OPERATION = Operation("StartAsyncInvoke", "POST", "/async-invoke", _check, _respond, _by_model)
