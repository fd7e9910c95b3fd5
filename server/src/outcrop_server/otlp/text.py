"""From a span's payload to its text. Pure."""

from __future__ import annotations

import logging
from functools import partial

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop.semconv import outcrop_attributes as names
from outcrop.views import read_words
from outcrop_server.model.span_text import SpanText
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.otlp.parse import events_of
from outcrop_server.otlp.values import attributes

_log = logging.getLogger(__name__)
_read = partial(read_words, parse=parse_fast)


def read_text(payload: bytes) -> SpanText:
    """The text of one payload that `parse_export` made; a span without text where it cannot be read."""
    try:
        # Resource and scope are not looked at: a fifth of the time of `parse_stored`.
        span = ExportTraceServiceRequest.FromString(payload).resource_spans[0].scope_spans[0].spans[0]
    except (DecodeError, IndexError):
        # The check of a store says of each payload that is none; a search finds nothing in it.
        return SpanText()
    given, events = attributes(span.attributes), events_of(span)
    attempts = sum(event.name == names.ATTEMPT_EVENT for event in events)
    try:
        return SpanText(*_read(given, attempts=attempts, events=events))
    except Exception:  # noqa: BLE001 - a codec's fault must not end a search
        _log.exception("Reading the text of span %s failed", span.span_id.hex())
        return SpanText(None, given)
