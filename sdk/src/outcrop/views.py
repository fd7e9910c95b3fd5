"""Reads a span: from captured attributes to inputs, outputs, chat, stream and usage.

Pure: the SDK (`get_trace`, in-memory traces) and the server (columns at ingest, the page) call the
same function, so that a better codec improves old traces too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from outcrop.bedrock.glance import glance_at
from outcrop.bedrock.identity import is_bedrock, with_identity
from outcrop.bedrock.view import read_bedrock_span
from outcrop.bedrock.words import words_at
from outcrop.genai.content import content_of_view, joined
from outcrop.genai.conventions import attributes_of, read_chat, read_usage, span_type_of
from outcrop.genai.derived import with_derived
from outcrop.genai.previews import value_preview
from outcrop.genai.view import SpanView
from outcrop.json_reading import ParseJson, as_list, as_text, parse_json
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.semconv.span_types import SpanType

if TYPE_CHECKING:
    from outcrop.vocabularies.reading import Event


# What `inputs`, `outputs` and the chunks already show; the rest of a span's attributes is listed.
_PAYLOAD = frozenset(
    {
        names.REQUEST_BODY,
        names.REQUEST_PARAMS,
        names.RESPONSE_BODY,
        names.RESPONSE_FIELDS,
        names.STREAM_CHUNKS,
        names.INPUTS,
        names.OUTPUTS,
    }
)


def read_span(
    attributes: Mapping[str, Any],
    *,
    attempts: int = 0,
    events: Sequence[Event] = (),
    parse: ParseJson = parse_json,
) -> SpanView:
    """Reads one span.

    Args:
        attributes: the span's attributes, raw exchange included; values as OpenTelemetry has them
            (text, numbers, booleans, bytes, sequences, mappings).
        attempts: how many `outcrop.attempt` events the span has.
        events: the span's events, in which other tracers may keep messages.
        parse: what parses bodies.

    Returns:
        The view; what cannot be read is said in its `problem`, never raised.
    """
    span_type = as_text(attributes.get(names.SPAN_TYPE))
    if names.AWS_OPERATION in attributes:
        view = read_bedrock_span(span_type or SpanType.LLM, attributes, attempts, parse)
        with_identity(view, attributes)
        # What was read from the bodies before they were left out.
        is_emptied = names.CONTENT in attributes or names.CUT in attributes
        return with_derived(view, attributes) if is_emptied else view
    if span_type is None and names.INPUTS not in attributes:
        # Loaded by who meets a span that is not Outcrop's own.
        from outcrop.vocabularies.table import read_foreign  # noqa: PLC0415

        foreign = read_foreign(attributes, events, attempts)
        if foreign is not None:
            return foreign
    view = _read_function(span_type or span_type_of(attributes), attributes, attempts)
    return with_identity(view, attributes) if is_bedrock(view.provider) else view


def listed_attributes(attributes: Mapping[str, Any], view: SpanView) -> dict[str, Any]:
    """The attributes that a span is shown with: its own and what was read from its payload.

    Args:
        attributes: as it was captured.
        view: what `read_span` made of them.
    """
    own = {name: value for name, value in attributes.items() if name not in _PAYLOAD}
    return {**own, **attributes_of(view)}


def glance_span(
    attributes: Mapping[str, Any],
    *,
    attempts: int = 0,
    events: Sequence[Event] = (),
    parse: ParseJson = parse_json,
) -> SpanView:
    """Reads what lists, filters and costs need of a span: several times as fast as `read_span`.

    Args:
        attributes: as `read_span` takes them.
        attempts: likewise.
        events: likewise.
        parse: likewise.

    Returns:
        The view, without conversation and parameters, and of a stream with its first chunk alone.
    """
    if names.AWS_OPERATION not in attributes or names.CONTENT in attributes or names.CUT in attributes:
        return read_span(attributes, attempts=attempts, events=events, parse=parse)
    span_type = as_text(attributes.get(names.SPAN_TYPE))
    return with_identity(glance_at(span_type or SpanType.LLM, attributes, attempts, parse), attributes)


def read_words(
    attributes: Mapping[str, Any],
    *,
    attempts: int = 0,
    events: Sequence[Event] = (),
    parse: ParseJson = parse_json,
) -> tuple[str | None, dict[str, Any]]:
    """What a span says: its words, see `outcrop.genai.content`, and the attributes that it is shown with.

    The same as of the view that `read_span` gives, in half the time where the call is a plain one.

    Args:
        attributes: as `read_span` takes them.
        attempts: likewise.
        events: likewise.
        parse: likewise.
    """
    found = words_at(attributes, parse)
    if found is None:
        view = read_span(attributes, attempts=attempts, events=events, parse=parse)
        return content_of_view(view), listed_attributes(attributes, view)
    view, texts = found
    return joined(texts), listed_attributes(attributes, with_identity(view, attributes))


def _read_function(span_type: str, attributes: Mapping[str, Any], attempts: int) -> SpanView:
    inputs = parse_json(as_text(attributes.get(names.INPUTS)))
    outputs = parse_json(as_text(attributes.get(names.OUTPUTS)))
    reasons = as_list(attributes.get(gen_ai.RESPONSE_FINISH_REASONS))
    return SpanView(
        span_type=span_type,
        finish_reason=as_text(reasons[0]) if reasons else None,
        inputs=inputs,
        outputs=outputs,
        chat=read_chat(attributes),
        usage=read_usage(attributes),
        request_model=as_text(attributes.get(gen_ai.REQUEST_MODEL)),
        response_model=as_text(attributes.get(gen_ai.RESPONSE_MODEL)),
        attempts=attempts,
        request_preview=value_preview(inputs),
        response_preview=value_preview(outputs),
        provider=as_text(attributes.get(gen_ai.PROVIDER_NAME) or attributes.get(gen_ai.SYSTEM)),
    )
