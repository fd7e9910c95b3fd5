"""MLflow's JSON of traces, spans and judgements, read as ours, and ours written as theirs. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from outcrop.assessments import Annotations, Assessment, AssessmentSource, Expectation, Feedback
from outcrop.delivery.mlflow import words
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text, parse_json
from outcrop.otlp.records import (
    KIND_INTERNAL,
    STATUS_ERROR,
    STATUS_OK,
    STATUS_UNSET,
    EventRecord,
    SpanRecord,
)
from outcrop.semconv import outcrop_attributes as names

_STATUSES = {
    "STATUS_CODE_OK": STATUS_OK,
    "OK": STATUS_OK,
    "1": STATUS_OK,
    "STATUS_CODE_ERROR": STATUS_ERROR,
    "ERROR": STATUS_ERROR,
    "2": STATUS_ERROR,
}
_MLFLOW = "mlflow."
# Said by the spans too, or of MLflow's own housekeeping.
_OWN_METADATA = ("mlflow.trace", "mlflow.trace_schema.version")
_JSON_FORMAT = "JSON_FORMAT"
_HAS_ZONE = "+00:00"


def spans_from_json(spans: list[Any], experiment: str, info: JsonObject) -> list[SpanRecord]:
    """Spans as MLflow's API or an artifact has them; session and user of the trace stand on its root."""
    records = [_span(as_object(each), experiment) for each in spans]
    metadata = as_object(info.get("trace_metadata"))
    for record in records:
        if not record.parent_id:
            for name, key in ((words.TRACE_SESSION, names.SESSION_ID), (words.TRACE_USER, names.USER_ID)):
                if metadata.get(name):
                    record.attributes.setdefault(key, str(metadata[name]))
    return records


def _span(given: JsonObject, experiment: str) -> SpanRecord:
    status = as_object(given.get("status"))
    attributes = _attributes(given.get("attributes"))
    is_converse = attributes.get(words.MESSAGE_FORMAT) == '"bedrock"'
    return SpanRecord(
        trace_id=_id(given.get("trace_id")),
        span_id=_id(given.get("span_id")),
        parent_id=_id(given.get("parent_span_id")),
        name=as_text(given.get("name")) or "",
        kind=KIND_INTERNAL,
        start_ns=as_int(given.get("start_time_unix_nano")) or 0,
        end_ns=as_int(given.get("end_time_unix_nano")) or 0,
        status_code=_STATUSES.get(str(status.get("code")), STATUS_UNSET),
        status_message=as_text(status.get("message")) or "",
        attributes=attributes,
        events=_events(as_list(given.get("events")), is_converse=is_converse),
        experiment=experiment,
        scope="mlflow",
    )


def _id(value: Any) -> bytes:
    try:
        return base64.b64decode(as_text(value) or "", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _attributes(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):  # an artifact's: each value is JSON in text
        texts = {str(name): as_text(value) for name, value in as_object(given).items()}
        return {name: _kept(name, parse_json(text)) for name, text in texts.items() if text is not None}
    members = [as_object(each) for each in as_list(given)]
    named = [(as_text(each.get("key")) or "", _value(each.get("value"))) for each in members]
    return {name: _kept(name, value) for name, value in named}


def _kept(name: str, value: Any) -> Any:
    """A text of MLflow's own becomes JSON, so that one which looks like JSON is still read as a text."""
    return json.dumps(value) if name.startswith(_MLFLOW) and isinstance(value, str) else value


def _value(given: Any) -> Any:
    """OTLP's value in protobuf's JSON."""
    for kind, value in as_object(given).items():
        if kind == "array_value":
            return [_value(each) for each in as_list(as_object(value).get("values"))]
        if kind == "kvlist_value":
            members = [as_object(each) for each in as_list(as_object(value).get("values"))]
            return {str(each.get("key")): _value(each.get("value")) for each in members}
        return as_int(value) if kind == "int_value" else value
    return None


def _events(given: list[Any], *, is_converse: bool) -> list[EventRecord]:
    """Events; the chunks of a stream as ours are read."""
    found: list[EventRecord] = []
    chunks = 0
    for each in map(as_object, given):
        attributes = as_object(each.get("attributes")) or _attributes(each.get("attributes"))
        event = EventRecord(
            as_text(each.get("name")) or "", as_int(each.get("time_unix_nano")) or 0, attributes
        )
        if is_converse and list(attributes) == ["json"]:
            event.name = names.CHUNK_EVENT_PREFIX + event.name
            event.attributes = {"index": chunks, "data": parse_json(as_text(attributes["json"]))}
            chunks += 1
        found.append(event)
    return found


def annotations_of(info: JsonObject, page_url: str | None) -> Annotations:
    """What MLflow knows of a trace beside its spans; its own housekeeping is left out."""
    tags = {
        name: str(value)
        for name, value in as_object(info.get("tags")).items()
        if not name.startswith(_MLFLOW)
    }
    metadata = {
        name: str(value)
        for name, value in as_object(info.get("trace_metadata")).items()
        if not name.startswith(_OWN_METADATA)
    }
    judged = [assessment_from(each) for each in as_list(info.get("assessments"))]
    judged.sort(key=lambda each: each.create_time_ms or 0)
    return Annotations(tags, metadata, tuple(judged), is_complete=True, page_url=page_url)


def trace_id_of(info: JsonObject) -> str:
    """A trace's id as ours are: 32 hexadecimal digits."""
    return (as_text(info.get("trace_id")) or "").rpartition("/")[2].removeprefix(words.TRACE_ID_PREFIX)


def experiment_id_of(info: JsonObject) -> str:
    """The experiment that a trace is in."""
    location = as_object(info.get("trace_location"))
    return as_text(as_object(location.get("mlflow_experiment")).get("experiment_id")) or ""


def assessment_from(value: Any) -> Assessment:
    """A judgement as MLflow has it."""
    given = as_object(value)
    source = as_object(given.get("source"))
    is_expectation = "expectation" in given
    kind = as_text(source.get("source_type")) or "CODE"
    known = {"HUMAN", "LLM_JUDGE", "CODE"}
    return (Expectation if is_expectation else Feedback)(
        name=str(given.get("assessment_name")),
        value=_expected(given) if is_expectation else as_object(given.get("feedback")).get("value"),
        source=AssessmentSource(
            kind if kind in known else "CODE", as_text(source.get("source_id")) or "default"
        ),
        rationale=as_text(given.get("rationale")),
        metadata={name: str(each) for name, each in as_object(given.get("metadata")).items()},
        span_id=as_text(given.get("span_id")),
        trace_id=trace_id_of(given),
        assessment_id=as_text(given.get("assessment_id")),
        create_time_ms=_milliseconds(given.get("create_time")),
        last_update_time_ms=_milliseconds(given.get("last_update_time")),
    )


def _expected(given: JsonObject) -> Any:
    expectation = as_object(given.get("expectation"))
    serialized = as_object(expectation.get("serialized_value"))
    if serialized.get("serialization_format") == _JSON_FORMAT:
        return parse_json(as_text(serialized.get("value")))
    return expectation.get("value")


def assessment_to(assessment: Assessment) -> JsonObject:
    """A judgement as MLflow takes it; who wrote it down is told in the metadata, for which it has no word."""
    source = assessment.source
    metadata = dict(assessment.metadata)
    if assessment.author is not None:
        metadata.setdefault("author", assessment.author)
    found: JsonObject = {
        "assessment_name": assessment.name,
        "trace_id": words.TRACE_ID_PREFIX + (assessment.trace_id or ""),
        "rationale": assessment.rationale,
        "span_id": assessment.span_id,
        "metadata": metadata or None,
        "source": None
        if source is None
        else {"source_type": source.source_type, "source_id": source.source_id},
        **judged(assessment),
    }
    return {name: value for name, value in found.items() if value is not None}


def judged(assessment: Assessment) -> JsonObject:
    """The judgement itself."""
    if assessment.kind != Expectation.kind:
        return {"feedback": {"value": assessment.value}}
    value: Any = assessment.value
    is_plain = value is None or isinstance(value, str | int | float | bool)
    if not is_plain:
        written = json.dumps(value)
        return {
            "expectation": {
                "serialized_value": {"serialization_format": _JSON_FORMAT, "value": written},
            }
        }
    return {"expectation": {"value": value}}


def _milliseconds(value: Any) -> int | None:
    moment = as_text(value)
    if moment is None:
        return None
    try:
        at = datetime.fromisoformat(moment.replace("Z", _HAS_ZONE))
    except ValueError:
        return None
    return round(at.timestamp() * 1000)


def moment_now() -> str:
    """This moment as MLflow writes it."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{at}.{nanoseconds // 1_000_000:03d}Z"
