"""InvokeGuardrailChecks: scores for what was asked about, with no guardrail set up before.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeGuardrailChecks.html
"""

from __future__ import annotations

from outcrop.testing.ask import characters
from outcrop.testing.exchange import Exchange
from outcrop.testing.guardrail_units import text_units
from outcrop.testing.http_shapes import Response
from outcrop.testing.json_values import JsonObject, as_object, as_objects
from outcrop.testing.operations.operation import Operation, by_operation, no_check


def _respond(exchange: Exchange) -> Response:
    units = text_units(characters(exchange.body.get("messages")))
    checks = as_object(exchange.body.get("checks"))
    results = {name: _harmless(as_object(check)) for name, check in checks.items()}
    usage = {name: {"textUnits": units} for name in checks}
    return exchange.json_answer({"results": results, "usage": usage})


def _harmless(check: JsonObject) -> JsonObject:
    """Nothing was found: a score of zero for each category, or no entity."""
    if "categories" not in check:
        return {"results": [], "truncated": False}
    asked = as_objects(check["categories"])
    return {"results": [{"category": entry.get("category"), "severityScore": 0.0} for entry in asked]}


OPERATION = Operation(
    "InvokeGuardrailChecks", "POST", "/guardrail-checks/invoke", no_check, _respond, by_operation
)
