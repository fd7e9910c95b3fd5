"""A span in MLflow's form: attributes under its names, the chunks of a stream as events. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from outcrop.delivery.mlflow import words
from outcrop.genai.messages import Chat, Tool
from outcrop.genai.stream import Stream
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_text
from outcrop.otlp.records import STATUS_ERROR, EventRecord, SpanRecord
from outcrop.pricing.cost import Cost
from outcrop.pricing.environment import table_from_environment
from outcrop.pricing.quote import price_of, was_refused
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import listed_attributes, read_span
from outcrop.vocabularies.mlflow import usage_in_words

# MLflow's page reads a conversation in Converse's own shape under this name.
_CONVERSE_FORMAT = "bedrock"
_CONVERSE = frozenset({"Converse", "ConverseStream"})
# Said in MLflow's words, or of no use without the exchange, which is read by now.
_LEFT_OUT = frozenset(
    {
        names.SPAN_TYPE,
        names.AWS_SERVICE,
        names.AWS_OPERATION,
        names.REQUEST_MEMBER,
        names.RESPONSE_MEMBER,
        names.EXPERIMENT_NAME,
    }
)


@dataclass(frozen=True)
class SpanForm:
    """A span in MLflow's form, and what it says of its trace.

    Attributes:
        record: the span; its attributes are what JSON has a form for.
        usage: tokens of this call in MLflow's words; empty where nobody said them.
        cost: US dollars of this call, likewise.
        tags: of the trace.
        metadata: of the trace, session and user among them.
        request_preview: the first words of what was asked.
        response_preview: the first words of the answer.
    """

    record: SpanRecord
    usage: dict[str, int] = field(default_factory=dict[str, int])
    cost: dict[str, float] = field(default_factory=dict[str, float])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    request_preview: str | None = None
    response_preview: str | None = None

    @property
    def is_root(self) -> bool:
        """Whether no span stands above it, in whatever process."""
        return not self.record.parent_id


def to_mlflow(record: SpanRecord) -> SpanForm:
    """Turns a finished span of ours into MLflow's form; `record` is left as it is."""
    attempts = [event for event in record.events if event.name == names.ATTEMPT_EVENT]
    view = read_span(record.attributes, attempts=len(attempts), events=record.events)
    usage = _usage(view.usage)
    last = attempts[-1].attributes if attempts else None
    cost = _cost(_priced(record, view, last))
    attributes = _attributes(record, view)
    if usage:
        attributes[words.TOKEN_USAGE] = usage
    if cost:
        attributes[words.COST] = cost
    return SpanForm(
        replace(record, attributes=attributes, events=_events(record, view.stream)),
        usage if view.own_usage is not None else {},
        cost,
        _below(record.attributes, names.TAG_PREFIX),
        _metadata(record.attributes),
        view.request_preview,
        view.response_preview,
    )


def _attributes(record: SpanRecord, view: SpanView) -> JsonObject:
    model = view.request_model
    is_converse = record.attributes.get(names.AWS_OPERATION) in _CONVERSE
    known: JsonObject = {
        words.REQUEST_ID: words.mlflow_trace_id(record.trace_id),
        words.SPAN_TYPE: view.span_type,
        words.INPUTS: view.inputs,
        words.OUTPUTS: view.outputs,
        words.MESSAGE_FORMAT: _CONVERSE_FORMAT if is_converse else None,
        words.MODEL: model,
        words.MODEL_PROVIDER: (view.vendor or view.provider) if model else None,
        words.CHAT_TOOLS: _tools(view.chat),
    }
    own = {
        name: value
        for name, value in listed_attributes(record.attributes, view).items()
        if name not in _LEFT_OUT and not name.startswith((names.TAG_PREFIX, names.METADATA_PREFIX))
    }
    found = {**own, **{name: value for name, value in known.items() if value is not None}}
    return {name: as_json(value) for name, value in found.items()}


def _tools(chat: Chat | None) -> list[JsonObject] | None:
    tools = [] if chat is None else [_tool(each) for each in chat.tools]
    return tools or None


def _tool(tool: Tool) -> JsonObject:
    said = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {
        "type": "function",
        "function": {name: value for name, value in said.items() if value is not None},
    }


def _usage(usage: Usage | None) -> dict[str, int]:
    """MLflow counts cached input within the input too; without both counts it shows none."""
    return {} if usage is None or usage.total_tokens is None else usage_in_words(usage)


def _priced(record: SpanRecord, view: SpanView, last_attempt: Mapping[str, Any] | None) -> Cost | None:
    refused = was_refused(view, is_error=record.status_code == STATUS_ERROR, last_attempt=last_attempt)
    table = table_from_environment()
    return price_of(view, at_ns=record.start_ns, table=table, is_refused=refused).cost


def _cost(cost: Cost | None) -> dict[str, float]:
    if cost is None:
        return {}
    total = {"total_cost": float(cost.usd)}
    if cost.is_sum_alone:
        return total
    parts = cost.parts
    sent = parts.input + parts.cache_read + parts.cache_write
    return {"input_cost": float(sent), "output_cost": float(parts.output), **total}


def _metadata(attributes: Mapping[str, Any]) -> dict[str, str]:
    found = _below(attributes, names.METADATA_PREFIX)
    grouped = {
        words.TRACE_SESSION: attributes.get(names.SESSION_ID),
        words.TRACE_USER: attributes.get(names.USER_ID),
    }
    return {**found, **{name: str(value) for name, value in grouped.items() if value not in (None, "")}}


def _below(attributes: Mapping[str, Any], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): str(value) for name, value in attributes.items() if name.startswith(prefix)
    }


def _events(record: SpanRecord, stream: Stream | None) -> list[EventRecord]:
    """The span's events, and each chunk as MLflow's own Bedrock tracing writes it."""
    events = [
        replace(event, attributes={name: _event_value(value) for name, value in event.attributes.items()})
        for event in record.events
    ]
    if stream is not None:
        events.extend(
            EventRecord(
                chunk.type, record.start_ns + chunk.offset_ns, {"json": json.dumps(as_json(chunk.data))}
            )
            for chunk in stream.chunks
        )
    return sorted(events, key=lambda event: event.time_ns)


def _event_value(value: Any) -> Any:
    """MLflow takes plain values of events alone."""
    given = as_json(value)
    return json.dumps(given) if isinstance(given, dict) else given


def as_json(value: Any) -> Any:
    """The value as JSON has it; bytes become base64, as `get_trace` shows them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        members = cast("Mapping[Any, Any]", value)
        return {str(key): as_json(member) for key, member in members.items()}
    if isinstance(value, list | tuple):
        return [as_json(member) for member in cast("list[Any]", value)]
    is_plain = value is None or isinstance(value, str | int | float | bool)
    return value if is_plain else as_text(str(value))
