"""What a call says of its guardrail: which one was asked, and whether it stepped in. Pure.

Sources: Converse's `guardrailConfig` and `stopReason`, InvokeModel's header arguments and the body's
`amazon-bedrock-guardrailAction`, ApplyGuardrail's `action`.
"""

from __future__ import annotations

from typing import Any

from outcrop.json_reading import as_list, as_object, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_INTERVENED, _NONE = "INTERVENED", "NONE"
# Bedrock's words for "stepped in", in its several answers.
_STEPPED_IN = frozenset({"guardrail_intervened", "GUARDRAIL_INTERVENED", _INTERVENED})


def guardrail_attributes(inputs: Any, outputs: Any) -> dict[str, Any]:
    """Id, version and action of the guardrail of a call; empty for a call without one."""
    asked, answered = as_object(inputs), as_object(outputs)
    config = as_object(asked.get("guardrailConfig")) or asked
    identifier = as_text(config.get("guardrailIdentifier"))
    action = _action(answered)
    if identifier is None and action is None:
        return {}
    found = {
        gen_ai.GUARDRAIL_ID: identifier,
        names.GUARDRAIL_VERSION: as_text(config.get("guardrailVersion")),
        names.GUARDRAIL_ACTION: action or (_NONE if answered else None),
    }
    return {name: value for name, value in found.items() if value is not None}


def _action(answered: dict[str, Any]) -> str | None:
    """INTERVENED where any part of the answer says so; NONE where it says so; None where it is silent."""
    said = [answered.get("stopReason"), answered.get("action")]
    body = answered.get("body")
    if body is not None:
        bodies = [as_object(body), *map(as_object, as_list(body))]
        said += [each.get("amazon-bedrock-guardrailAction") for each in bodies]
    if any(isinstance(word, str) and word in _STEPPED_IN for word in said):
        return _INTERVENED
    return _NONE if _NONE in said else None
