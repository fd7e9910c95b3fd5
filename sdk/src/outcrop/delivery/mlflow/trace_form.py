"""A trace in MLflow's form: its summary (`trace_info`), and its data as the JSON of an artifact. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.span_form import SpanForm
from outcrop.json_reading import JsonObject
from outcrop.otlp.records import STATUS_ERROR, SpanRecord

_STATUS_NAMES = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")
_NS_IN_MS = 1_000_000


@dataclass
class TraceParts:
    """What the spans that are known of a trace say of it: one batch, or several one after the other."""

    usage: dict[str, int] = field(default_factory=dict[str, int])
    cost: dict[str, float] = field(default_factory=dict[str, float])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    request_preview: str | None = None
    response_preview: str | None = None

    def add(self, forms: Sequence[SpanForm]) -> None:
        """Adds spans. Of what several say under one name that counts which ended last."""
        for form in sorted(forms, key=lambda each: each.record.end_ns):
            for name, count in form.usage.items():
                self.usage[name] = self.usage.get(name, 0) + count
            for name, amount in form.cost.items():
                self.cost[name] = self.cost.get(name, 0.0) + amount
            self.tags.update(form.tags)
            self.metadata.update(form.metadata)
            if form.usage:
                self.request_preview = self.request_preview or form.request_preview
                self.response_preview = form.response_preview or self.response_preview


def trace_info(
    form: SpanForm,
    parts: TraceParts,
    location: JsonObject,
    *,
    service: str | None = None,
    adds_sums: bool = False,
    most_of_preview: int = words.MOST_OF_PREVIEW,
) -> JsonObject:
    """The summary of a trace, as POST /api/3.0/mlflow/traces takes it.

    Args:
        form: its root; of a trace without one the span that stands for it, which leaves it in progress.
        parts: what its spans say.
        location: where it is kept, in MLflow's form.
        service: the program's name.
        adds_sums: whether tokens and cost are said too: newer servers sum up the spans that they have.
        most_of_preview: characters of a preview.
    """
    root = form.record
    inputs, outputs = (_text(root.attributes.get(name)) for name in (words.INPUTS, words.OUTPUTS))
    request, response = (
        form.request_preview or parts.request_preview,
        form.response_preview or parts.response_preview,
    )
    metadata = {
        words.SCHEMA_VERSION: "3",
        words.TRACE_INPUTS: inputs,
        words.TRACE_OUTPUTS: outputs,
        **({words.SOURCE_NAME: service} if service else {}),
        **parts.metadata,
        **(_sums(parts) if adds_sums else {}),
    }
    state = ("ERROR" if root.status_code == STATUS_ERROR else "OK") if form.is_root else "IN_PROGRESS"
    found: JsonObject = {
        "trace_id": words.mlflow_trace_id(root.trace_id),
        "trace_location": location,
        "request_time": _moment(root.start_ns),
        "execution_duration": f"{max(root.end_ns - root.start_ns, 0) // _NS_IN_MS / 1000:.3f}s",
        "state": state,
        "trace_metadata": _fitting(metadata, words.MOST_OF_METADATA),
        "tags": _fitting({words.TRACE_NAME: root.name, **parts.tags}, words.MOST_OF_TAG),
        "request_preview": None if request is None else words.cut(request, most_of_preview),
        "response_preview": None if response is None else words.cut(response, most_of_preview),
    }
    return {name: value for name, value in found.items() if value is not None}


def experiment_location(experiment_id: str) -> JsonObject:
    """Where a trace is kept that belongs to an experiment."""
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}


def _sums(parts: TraceParts) -> dict[str, str]:
    sums = {words.TRACE_TOKEN_USAGE: parts.usage, words.TRACE_COST: parts.cost}
    return {name: json.dumps(value) for name, value in sums.items() if value}


def _fitting(texts: dict[str, str], most: int) -> dict[str, str]:
    # A name that is too long would have the whole trace refused.
    return {words.cut(name, words.MOST_OF_METADATA): words.cut(value, most) for name, value in texts.items()}


def _text(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _moment(nanoseconds: int) -> str:
    milliseconds = nanoseconds // _NS_IN_MS
    at = datetime.fromtimestamp(milliseconds // 1000, tz=timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def trace_data(forms: Iterable[SpanForm], earlier: Iterable[JsonObject] = ()) -> bytes:
    """The spans of a trace as `traces.json` has them; each counts once, those of `earlier` first."""
    spans = {str(each.get("span_id")): each for each in earlier}
    for form in forms:
        made = span_json(form.record)
        spans[made["span_id"]] = made
    ordered = sorted(spans.values(), key=lambda each: int(each.get("start_time_unix_nano") or 0))
    return json.dumps({"spans": ordered}, ensure_ascii=False).encode("utf-8", "replace")


def span_json(record: SpanRecord, dump: Callable[[Any], str] = json.dumps) -> JsonObject:
    """One span of it; each attribute is JSON in a text."""
    return {
        "trace_id": _base64(record.trace_id),
        "span_id": _base64(record.span_id),
        "parent_span_id": _base64(record.parent_id) if record.parent_id else None,
        "name": record.name,
        "start_time_unix_nano": record.start_ns,
        "end_time_unix_nano": record.end_ns,
        "events": [
            {"name": event.name, "time_unix_nano": event.time_ns, "attributes": event.attributes}
            for event in record.events
        ],
        "status": {"code": _STATUS_NAMES[record.status_code], "message": record.status_message},
        "attributes": {name: dump(value) for name, value in record.attributes.items()},
        "links": [],
    }


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
