"""Judgements in MLflow's form. What ours have no place for lies in their metadata by hidden names. Pure."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from outcrop_server.mlflow.asked import as_dict, texts_of
from outcrop_server.mlflow.ids import trace_id_text
from outcrop_server.mlflow.moments import moment, moment_ns
from outcrop_server.model.annotations import Assessment, AssessmentContent
from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.ids import parse_span_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop_server.model.annotations import AssessmentKind, SourceType

_SOURCES: dict[str, SourceType] = {"HUMAN": "HUMAN", "LLM_JUDGE": "LLM_JUDGE", "AI_JUDGE": "LLM_JUDGE"}
_PREFIX = "mlflow.assessment."
_ERROR, OVERRIDES, INVALID = f"{_PREFIX}error", f"{_PREFIX}overrides", f"{_PREFIX}invalid"
_JSON_FORMAT = "JSON_FORMAT"
_MAX_NAME, _MAX_TEXT = 500, 100_000


def read_assessment(given: Mapping[str, Any], trace_id: bytes) -> Assessment:
    """A judgement that a client made; it keeps its id and times where it has them.

    Raises:
        BadRequestError: it is none, or of a kind that is not kept.
    """
    now = time.time_ns()
    kind = _kind(given)
    source = as_dict("source", given.get("source") or {})
    name = str(given.get("assessment_name") or "")
    if not name:
        raise BadRequestError("Missing value for required parameter 'assessment_name'.")
    value, more = _value(given, kind)
    if given.get("overrides"):
        more[OVERRIDES] = str(given["overrides"])
    if given.get("valid") is False:
        more[INVALID] = "true"
    span_id = given.get("span_id")
    rationale = given.get("rationale")
    content = AssessmentContent(
        name[:_MAX_NAME],
        value,
        _SOURCES.get(str(source.get("source_type")), "CODE"),
        str(source.get("source_id") or "default")[:_MAX_NAME],
        str(rationale)[:_MAX_TEXT] if rationale else None,
        {**texts_of("metadata", given.get("metadata") or {}), **more},
        parse_span_id(str(span_id)) if span_id else None,
    )
    return Assessment(
        str(given.get("assessment_id") or f"a-{os.urandom(16).hex()}"),
        trace_id,
        kind,
        content,
        moment_ns(given.get("create_time")) or now,
        moment_ns(given.get("last_update_time")) or now,
    )


def changed(content: AssessmentContent, given: Mapping[str, Any], kind: AssessmentKind) -> AssessmentContent:
    """What a judgement says after a client's change, which names what it changes by having it.

    Raises:
        BadRequestError: it would become one of another kind.
    """
    if "feedback" in given or "expectation" in given:
        if _kind(given) != kind:
            raise BadRequestError(f"The assessment is {kind}, and cannot become anything else.")
        value, more = _value(given, kind)
        kept = {name: text for name, text in content.metadata.items() if name != _ERROR}
        content = replace(content, value=value, metadata={**kept, **more})
    if given.get("assessment_name"):
        content = replace(content, name=str(given["assessment_name"])[:_MAX_NAME])
    if "rationale" in given:
        content = replace(content, rationale=str(given["rationale"])[:_MAX_TEXT] or None)
    if "metadata" in given:
        metadata = {**content.metadata, **texts_of("metadata", given["metadata"])}
        content = replace(content, metadata=metadata)
    return content


def assessment_json(kept: Assessment) -> dict[str, Any]:
    """A kept judgement."""
    content = kept.content
    hidden = content.metadata
    told: dict[str, Any] = {
        "assessment_id": kept.assessment_id,
        "assessment_name": content.name,
        "trace_id": trace_id_text(kept.trace_id),
        "source": {"source_type": content.source_type, "source_id": content.source_id},
        "create_time": moment(kept.created_at_ns),
        "last_update_time": moment(kept.updated_at_ns),
        kept.kind: _value_json(kept),
        "valid": INVALID not in hidden,
    }
    more = {
        "rationale": content.rationale,
        "overrides": hidden.get(OVERRIDES),
        "span_id": None if content.span_id is None else content.span_id.hex(),
        "metadata": {name: text for name, text in hidden.items() if not name.startswith(_PREFIX)},
    }
    return {**told, **{name: value for name, value in more.items() if value}}


def _kind(given: Mapping[str, Any]) -> AssessmentKind:
    if "feedback" in given:
        return "feedback"
    if "expectation" in given:
        return "expectation"
    raise BadRequestError("Outcrop keeps feedback and expectations, and no issues or other assessments.")


def _value(given: Mapping[str, Any], kind: AssessmentKind) -> tuple[Any, dict[str, str]]:
    """The value, and what goes to the metadata beside it."""
    held = as_dict(kind, given[kind])
    if "serialized_value" in held:
        text = as_dict("serialized_value", held["serialized_value"]).get("value")
        try:
            return json.loads(str(text)), {}
        except (ValueError, RecursionError) as error:
            raise BadRequestError("The serialized value of the expectation is no JSON.") from error
    fault = held.get("error")
    return held.get("value"), {} if fault is None else {_ERROR: json.dumps(fault)}


def _value_json(kept: Assessment) -> dict[str, Any]:
    value = kept.content.value
    if kept.kind == "expectation" and isinstance(value, (dict, list)):
        text = json.dumps(cast("Any", value))
        return {"serialized_value": {"serialization_format": _JSON_FORMAT, "value": text}}
    error = kept.content.metadata.get(_ERROR)
    return {"value": value} if error is None else {"value": value, "error": json.loads(error)}
