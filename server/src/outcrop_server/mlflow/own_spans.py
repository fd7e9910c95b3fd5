"""Spans that no MLflow client made, as if one had: what our readers see, as `mlflow.*` attributes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.json_reading import as_object
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import listed_attributes, read_span
from outcrop.vocabularies.mlflow import usage_in_words
from outcrop_server.otlp.parse import events_of
from outcrop_server.otlp.values import attributes
from outcrop_server.query.jsonable import jsonable
from outcrop_server.query.said import inputs_of, outputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from outcrop.genai.view import SpanView

_OF_MLFLOW = frozenset({"mlflow.traceRequestId", "mlflow.spanType", "mlflow.spanInputs"})


def is_of_mlflow(given: Mapping[str, Any]) -> bool:
    """Whether attributes are an MLflow client's own."""
    return not _OF_MLFLOW.isdisjoint(given)


def in_mlflows_words(span: Span) -> dict[str, Any]:
    """A span's attributes as a client of MLflow's would have written them."""
    given = attributes(span.attributes)
    if is_of_mlflow(given):
        return given
    events = events_of(span)
    attempts = sum(event.name == names.ATTEMPT_EVENT for event in events)
    view = read_span(given, attempts=attempts, events=events)
    listed: dict[str, Any] = jsonable(listed_attributes(given, view))
    return {**listed, **_stated(view)}


def _stated(view: SpanView) -> dict[str, Any]:
    usage = None if view.usage is None else usage_in_words(view.usage)
    said: dict[str, Any] = {
        "mlflow.spanType": view.span_type,
        "mlflow.spanInputs": jsonable(inputs_of(view)),
        "mlflow.spanOutputs": jsonable(outputs_of(view)),
        "mlflow.chat.tokenUsage": usage or None,
        "mlflow.chat.tools": _tools(view),
        "mlflow.llm.model": view.request_model or view.response_model,
        "mlflow.llm.provider": view.vendor or view.provider,
        "mlflow.message.format": _format(view),
    }
    return {name: value for name, value in said.items() if value is not None}


def _tools(view: SpanView) -> list[dict[str, Any]] | None:
    if view.chat is None or not view.chat.tools:
        return None
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description or "",
                "parameters": jsonable(tool.parameters),
            },
        }
        for tool in view.chat.tools
    ]


def _format(view: SpanView) -> str | None:
    """By which MLflow's page shows a conversation."""
    is_converse = view.provider == gen_ai.PROVIDER_BEDROCK and "messages" in as_object(view.inputs)
    return "bedrock" if is_converse else None
