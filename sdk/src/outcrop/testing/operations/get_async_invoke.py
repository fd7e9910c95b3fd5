"""GetAsyncInvoke: what became of a job.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GetAsyncInvoke.html
"""

from __future__ import annotations

from outcrop.testing.async_jobs import job_json
from outcrop.testing.errors import ValidationError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response, error_response
from outcrop.testing.operations.operation import Operation, by_operation, no_check


def _respond(exchange: Exchange) -> Response:
    job = exchange.jobs.poll(exchange.request.path_params["invocationArn"])
    if job is None and exchange.scripted is None:
        # The operation has no error of its own for what is not found.
        return error_response(ValidationError("The provided invocation ARN is not valid."))
    return exchange.json_answer({} if job is None else job_json(job))


OPERATION = Operation(
    "GetAsyncInvoke", "GET", "/async-invoke/{invocationArn}", no_check, _respond, by_operation
)
