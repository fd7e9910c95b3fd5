"""What a workspace says of traces in tables of Unity Catalog, and what it is told. Pure."""

from __future__ import annotations

import re
from typing import Any

from outcrop.assessments import Assessment, Feedback
from outcrop.delivery.mlflow.reading_form import assessment_to, judged
from outcrop.json_reading import JsonObject, as_list, as_object

SPANS_TABLE = "mlflow_experiment_trace_otel_spans"
_LOGS_TABLE = "mlflow_experiment_trace_otel_logs"
_CAPITAL = re.compile("([A-Z])")


def schema_location(schema: tuple[str, str], *, names_tables: bool = True) -> JsonObject:
    """Where a trace is kept; `schema` is catalog and schema."""
    tables = {"otel_spans_table_name": SPANS_TABLE, "otel_logs_table_name": _LOGS_TABLE}
    named = {"catalog_name": schema[0], "schema_name": schema[1]}
    return {"type": "UC_SCHEMA", "uc_schema": {**named, **tables} if names_tables else named}


def new_assessment(assessment: Assessment, schema: tuple[str, str], now: str) -> JsonObject:
    """A judgement that is to be kept."""
    valid = {"valid": True} if assessment.kind == Feedback.kind else {}
    return {
        **assessment_to(assessment),
        "trace_id": assessment.trace_id,
        "trace_location": schema_location(schema, names_tables=False),
        "create_time": now,
        "last_update_time": now,
        **valid,
    }


def changed_assessment(assessment: Assessment, schema: tuple[str, str]) -> tuple[JsonObject, str]:
    """A judgement that takes the place of another, and the names of what is to change."""
    whole = assessment_to(assessment)
    kind = next(iter(judged(assessment)))
    mask = ["assessment_name", kind, *(name for name in ("rationale", "metadata", "source") if name in whole)]
    body = {
        "assessment_id": assessment.assessment_id,
        "trace_id": assessment.trace_id,
        "trace_location": schema_location(schema),
        **{name: whole[name] for name in mask},
    }
    return body, ",".join(mask)


def span_with_our_names(span: Any) -> Any:
    """OTLP's JSON with its members named as protobuf has them: an answer may write traceId or trace_id.

    The published client reads both. A span's own names (`key`) are values here, and stay as they are.
    """
    if isinstance(span, dict):
        return {_snake(str(name)): span_with_our_names(value) for name, value in as_object(span).items()}
    return [span_with_our_names(each) for each in as_list(span)] if isinstance(span, list) else span


def _snake(name: str) -> str:
    return _CAPITAL.sub(r"_\1", name).lower()
