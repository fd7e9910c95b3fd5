"""ApplyGuardrail: a guardrail's verdict on texts and images, without a model.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
"""

from __future__ import annotations

from typing import Any

from outcrop.testing.exchange import Exchange, json_response
from outcrop.testing.guardrail_units import count_units, coverage
from outcrop.testing.http_shapes import Response
from outcrop.testing.json_values import JsonObject, to_json
from outcrop.testing.operations.operation import Operation, no_check
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import GuardrailVerdict

_LATENCY_MS = 1
_PASSED = GuardrailVerdict(assessments=({},), action="NONE")


def _respond(exchange: Exchange) -> Response:
    verdict = exchange.scripted
    if isinstance(verdict, GuardrailVerdict):
        return json_response(to_json(_members(verdict, exchange.body.get("content"))), verdict.latency_s)
    return exchange.json_answer(_members(_PASSED, exchange.body.get("content")))


def _members(verdict: GuardrailVerdict, content: object) -> JsonObject:
    usage = {**count_units(content), **verdict.usage}
    covered = coverage(content)
    metrics = {
        "guardrailProcessingLatency": max(_LATENCY_MS, round(verdict.latency_s * 1000)),
        "usage": usage,
        "guardrailCoverage": covered,
    }
    members: dict[str, Any] = {
        "usage": usage,
        "action": verdict.action,
        "outputs": [{"text": text} for text in verdict.outputs],
        "assessments": [{"invocationMetrics": metrics, **given} for given in verdict.assessments],
        "guardrailCoverage": covered,
    }
    if verdict.action_reason is not None:
        members["actionReason"] = verdict.action_reason
    return members


def _by_guardrail(request: RecordedRequest) -> str:
    return request.path_params["guardrailIdentifier"]


OPERATION = Operation(
    "ApplyGuardrail",
    "POST",
    "/guardrail/{guardrailIdentifier}/version/{guardrailVersion}/apply",
    no_check,
    _respond,
    _by_guardrail,
)
