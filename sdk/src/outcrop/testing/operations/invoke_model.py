"""InvokeModel: one whole answer in the body of the model's vendor, token counts in the headers.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
"""

from __future__ import annotations

from collections.abc import Mapping

from outcrop.testing.bodies.choice import choose_dialect
from outcrop.testing.errors import ServiceError, ValidationError
from outcrop.testing.exchange import Exchange, broken_plain_response
from outcrop.testing.http_shapes import PlainResponse, Response
from outcrop.testing.json_values import is_object, to_json
from outcrop.testing.operations.operation import Operation
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import RawBody, Reply, Usage


def check_invoke(request: RecordedRequest) -> ServiceError | None:
    """The error that AWS answers to such a body, or None."""
    if not is_object(request.json):
        return ValidationError("Malformed input request, please reformat your input and try again.")
    body = request.json
    dialect = choose_dialect(request.model_id or "", body)
    missing = [name for name in dialect.required if name not in body]
    if not missing:
        return None
    problems = "".join(f"#: required key [{name}] not found" for name in missing)
    return ValidationError(f"Malformed input request: {problems}, please reformat your input and try again.")


def mode_headers(reply: Reply) -> Mapping[str, str]:
    """Headers that say how the model was served."""
    headers: dict[str, str] = {}
    if reply.performance_config and "latency" in reply.performance_config:
        headers["X-Amzn-Bedrock-PerformanceConfig-Latency"] = str(reply.performance_config["latency"])
    if reply.service_tier and "type" in reply.service_tier:
        headers["X-Amzn-Bedrock-Service-Tier"] = str(reply.service_tier["type"])
    return headers


def _respond(exchange: Exchange) -> Response:
    if isinstance(exchange.scripted, RawBody):
        return _raw(exchange.scripted)
    dialect = choose_dialect(exchange.model_id, exchange.body)
    answer = exchange.answer(dialect.read(exchange.body))
    broken = broken_plain_response(answer)
    if broken:
        return broken
    latency_s = answer.reply.latency_s
    headers = {
        "Content-Type": "application/json",
        **_counts(answer.usage, answer.latency_ms() + round(latency_s * 1000), dialect.has_output_tokens),
        **mode_headers(answer.reply),
    }
    return PlainResponse(200, to_json(dialect.write(answer, exchange.body)), headers, latency_s)


def _raw(reply: RawBody) -> Response:
    counts = {} if reply.usage is None else _counts(reply.usage, max(1, round(reply.latency_s * 1000)))
    return PlainResponse(200, reply.body, {"Content-Type": reply.content_type, **counts}, reply.latency_s)


def _counts(usage: Usage, latency_ms: int, has_output_tokens: bool = True) -> dict[str, str]:
    counts = {
        "Invocation-Latency": latency_ms,
        "Input-Token-Count": usage.input_tokens,
        "Output-Token-Count": usage.output_tokens if has_output_tokens else None,
        "Cache-Read-Input-Token-Count": usage.cache_read,
        "Cache-Write-Input-Token-Count": usage.cache_write,
    }
    return {f"X-Amzn-Bedrock-{name}": str(count) for name, count in counts.items() if count is not None}


OPERATION = Operation("InvokeModel", "POST", "/model/{modelId}/invoke", check_invoke, _respond)
