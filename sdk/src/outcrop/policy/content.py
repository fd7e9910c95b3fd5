"""Content modes: takes prompts and answers out of a finished span, and first reads from them what stays."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, cast

from outcrop.capture.content import (
    is_structural,
    lane_marks,
    text_mark,
    value_mark,
    without_arguments,
    without_content,
)
from outcrop.capture.json_text import dump_json, load_json
from outcrop.capture.lanes import Leaf, lanes_of, rewrite_lane
from outcrop.genai.derived import derived_attributes
from outcrop.json_reading import as_object
from outcrop.kept_settings import METADATA
from outcrop.otlp.records import SpanRecord
from outcrop.policy.stream import CapturedStream
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import read_span

_BODIES = (names.REQUEST_BODY, names.RESPONSE_BODY)
_VALUES = (names.INPUTS, names.OUTPUTS)
_ARGUMENTS = (names.REQUEST_PARAMS, names.RESPONSE_FIELDS)
_MESSAGES = frozenset(
    {gen_ai.INPUT_MESSAGES, gen_ai.OUTPUT_MESSAGES, gen_ai.SYSTEM_INSTRUCTIONS, gen_ai.TOOL_DEFINITIONS}
)
# Where other instrumentation, or a user who knows it, puts content; names that begin or are so.
_OTHERS = (
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "input.value",
    "output.value",
    "llm.input_messages",
    "llm.output_messages",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "mlflow.spanInputs",
    "mlflow.spanOutputs",
)


def drop_content(record: SpanRecord, mode: str) -> None:
    """Takes the content out of a span in place; model, usage, errors, finish reason and times stay."""
    derive(record)
    attributes = record.attributes
    attributes[names.CONTENT] = mode
    drop = _drop_bodies if mode == METADATA else _empty_bodies
    drop(record)
    for name in list(attributes):
        if name.startswith(_OTHERS):
            attributes[name] = _marked(attributes[name])


def derive(record: SpanRecord) -> None:
    """Writes down what lists and costs need, as long as the bodies are there to read it from."""
    attempts = sum(event.name == names.ATTEMPT_EVENT for event in record.events)
    view = read_span(record.attributes, attempts=attempts)
    record.attributes = {**derived_attributes(view), **record.attributes}
    if names.AWS_OPERATION in record.attributes:
        # The body may have said more of the kind of call than its operation did.
        record.attributes[names.SPAN_TYPE] = view.span_type


def _drop_bodies(record: SpanRecord) -> None:
    for name in (*_BODIES, *_VALUES, *_ARGUMENTS, *_MESSAGES, names.STREAM_CHUNKS):
        record.attributes.pop(name, None)
    for event in record.events:
        event.attributes.pop(names.ATTEMPT_BODY, None)


def _empty_bodies(record: SpanRecord) -> None:
    _empty_values(record.attributes)
    packed = record.attributes.pop(names.STREAM_CHUNKS, None)
    if isinstance(packed, bytes) and (emptied := _empty_stream(packed)) is not None:
        record.attributes[names.STREAM_CHUNKS] = emptied
    for event in record.events:
        body = event.attributes.get(names.ATTEMPT_BODY)
        if body is not None:
            event.attributes[names.ATTEMPT_BODY] = _empty_body(body).decode()


def _empty_values(attributes: dict[str, Any]) -> None:
    for name in _BODIES:
        if name in attributes:
            attributes[name] = _empty_body(attributes[name])
    for name in _VALUES:
        if name in attributes:
            is_json, value = load_json(str(attributes[name]))
            attributes[name] = json.dumps(value_mark(value if is_json else str(attributes[name])))
    for name in _ARGUMENTS:
        if name in attributes:
            _, value = load_json(str(attributes[name]))
            attributes[name] = dump_json(without_arguments(as_object(value)))
    for name in _MESSAGES & attributes.keys():
        is_json, value = _json_of(attributes[name])
        attributes[name] = dump_json(without_content(value)) if is_json else _marked(attributes[name])


def _json_of(value: Any) -> tuple[bool, Any]:
    return load_json(value) if isinstance(value, str) else (True, value)


def _empty_body(body: Any) -> bytes:
    data = body if isinstance(body, bytes) else str(body).encode("utf-8", "replace")
    is_json, value = load_json(data)
    return dump_json(without_content(value) if is_json else f"[no content: {len(data):,} bytes]").encode()


def _empty_stream(packed: bytes) -> bytes | None:
    try:
        stream = CapturedStream(packed)
    except ValueError:
        return None
    for lane in lanes_of(stream.documents):
        said = [leaf for leaf in lane if not _is_structural(leaf)]
        if said:
            key = said[0].place
            rewrite_lane(said, partial(lane_marks, key=key))
    for document in stream.documents:
        emptied = without_content(document.value, mark=_as_it_is)
        if emptied != document.value:
            document.replace(emptied)
    for event in stream.events:
        event.drop_binary()
    return stream.packed(keeps_size=True)


def _is_structural(leaf: Leaf) -> bool:
    return is_structural(leaf.place, leaf.holder, leaf.parent)


def _as_it_is(text: str) -> str:
    """Strings of a stream have been marked already, as parts of longer texts."""
    return text


def _marked(value: Any) -> Any:
    if isinstance(value, str):
        return text_mark(value)
    return (
        [text_mark(str(member)) for member in cast("list[Any]", value)] if isinstance(value, list) else None
    )
