"""From a span record to what the store keeps: the SDK's reader gives the view, columns are picked here."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from outcrop.genai.failure import without_type
from outcrop.genai.stated import Stated
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.pricing.cost import Quote, Reason
from outcrop.pricing.quote import price_of
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop_server.model.costs import quote
from outcrop_server.model.new_span import DEFAULT_EXPERIMENT, NO_TEXTS, NewSpan
from outcrop_server.model.rows import Failure, SpanRow, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop_server.model.reading import PriceSpan, ReadSpan
    from outcrop_server.model.records import SpanRecord

# Columns hold what lists show; the whole text is in the payload.
_NAME = 500
_MESSAGE = 2000
_MAX_TAGS = 50
_MAX_TOOLS = 50
_MAX_INTEGER = 2**63 - 1
_NS_IN_S = 1_000_000_000
_NANO = 1_000_000_000
_BOTOCORE_ERRORS = "botocore.errorfactory."
# OTLP's codes; what a newer OTLP adds counts as unset.
_STATUS: dict[int, Status] = {1: "OK", 2: "ERROR"}
# What the provider said is in the payload.
_NO_RAW: dict[str, Any] = {}
# Of spans of Outcrop's own, which say it by attributes.
_NOTHING_STATED = Stated("")
_log = logging.getLogger(__name__)


def new_span(
    record: SpanRecord,
    payload: bytes,
    experiment: str | None,
    read_span: ReadSpan,
    price_span: PriceSpan = price_of,
) -> NewSpan:
    """What the store keeps of a span.

    Args:
        record: the span.
        payload: the span as it came; see `otlp.parse`.
        experiment: the experiment that the request names for spans that name none.
        read_span: reads attributes into a view.
        price_span: says what a call cost.
    """
    given = record.attributes
    view = _view(record, read_span)
    named = record.resource.get(names.EXPERIMENT_NAME) or experiment
    stated = view.stated or _NOTHING_STATED
    is_tool = view.span_type == "TOOL"
    has_texts = view.stated is not None or _may_have_texts(given)
    # In the order of its members: by keyword, making one takes twice as long.
    return NewSpan(
        record.trace_id,
        _row(record, view, _quote(record, view, price_span)),
        payload,
        _short(named) or DEFAULT_EXPERIMENT,
        bool(named),
        _count(view.attempts) or 0,
        _text(view.request_preview, _MESSAGE),
        _text(view.response_preview, _MESSAGE),
        (_word(stated.tool_name or record.name),) if is_tool else _tools(view),
        _short(stated.session_id or given.get(names.SESSION_ID)),
        _short(stated.user_id or given.get(names.USER_ID)),
        _tags(given, names.TAG_PREFIX, stated.tags) if has_texts else NO_TEXTS,
        _tags(given, names.METADATA_PREFIX, stated.metadata) if has_texts else NO_TEXTS,
    )


def _may_have_texts(given: dict[str, Any]) -> bool:
    """Whether there may be tags or metadata; False is sure."""
    all_names = "\n".join(given)
    return names.TAG_PREFIX in all_names or names.METADATA_PREFIX in all_names


def _view(record: SpanRecord, read_span: ReadSpan) -> SpanView:
    attempts = [event.name for event in record.events].count(names.ATTEMPT_EVENT) if record.events else 0
    try:
        return read_span(record.attributes, attempts=attempts, events=record.events)
    except Exception:  # noqa: BLE001 - a codec's fault must not lose the span: its payload can be read later
        _log.exception("Reading span %s (%s) failed", record.span_id.hex(), record.name[:80])
        return SpanView(span_type="UNKNOWN", attempts=attempts)


def _quote(record: SpanRecord, view: SpanView, price_span: PriceSpan) -> Quote:
    try:
        return quote(record, view, price_span)
    except Exception:  # noqa: BLE001 - as above: a fault in a price must not lose the span
        _log.exception("Pricing span %s (%s) failed", record.span_id.hex(), record.name[:80])
        return Quote(reason=Reason.UNKNOWN_MODEL)


def _row(record: SpanRecord, view: SpanView, quote: Quote) -> SpanRow:
    cost, reason = quote
    status = _STATUS.get(record.status_code, "UNSET")
    return SpanRow(
        record.span_id,
        record.parent_id,
        _word(record.name),
        _word(view.span_type),
        status,
        record.start_time_ns,
        record.end_time_ns,
        _failure(record) if status == "ERROR" else None,
        _short(view.request_model or view.response_model),
        _usage(view.own_usage),
        _first_chunk_ns(record, view),
        view.stream is not None
        or record.attributes.get(gen_ai.REQUEST_STREAM) is True
        or (view.stated is not None and view.stated.is_stream),
        _short(view.finish_reason),
        _short(view.vendor),
        _short(view.response_model),
        None if cost is None else _count(round(cost.usd * _NANO)),
        reason,
    )


def _failure(record: SpanRecord) -> Failure:
    """Type and message of a failed span: from the status and `error.type`, else from its last exception."""
    exceptions = [event.attributes for event in record.events if event.name == gen_ai.EXCEPTION_EVENT]
    raised = exceptions[-1] if exceptions else {}
    kind = record.attributes.get(gen_ai.ERROR_TYPE) or raised.get(gen_ai.EXCEPTION_TYPE)
    message = record.status_message or raised.get(gen_ai.EXCEPTION_MESSAGE)
    # Others name the class that botocore makes of an error's code; the code is its last word.
    code = kind.removeprefix(_BOTOCORE_ERRORS) if isinstance(kind, str) else kind
    words = without_type(code, message) if isinstance(message, str) and isinstance(code, str) else message
    return Failure(_short(code) or "Error", _text(words, _MESSAGE) or "")


def _first_chunk_ns(record: SpanRecord, view: SpanView) -> int | None:
    if view.stream is not None and view.stream.chunks:
        return _count(view.stream.time_to_first_chunk_ns)
    if view.stated is not None and view.stated.time_to_first_chunk_ns is not None:
        return _count(view.stated.time_to_first_chunk_ns)
    seconds = record.attributes.get(gen_ai.RESPONSE_TIME_TO_FIRST_CHUNK)
    # Only a plausible number: NaN and infinity are no integers.
    if isinstance(seconds, (int, float)) and 0 <= seconds < _MAX_INTEGER // _NS_IN_S:
        return int(seconds * _NS_IN_S)
    return None


def _usage(usage: Usage | None) -> Usage | None:
    if usage is None:
        return None
    fresh, out = usage.input_tokens, usage.output_tokens
    if usage.cache_read_input_tokens is None and usage.cache_write_input_tokens is None:
        return Usage(_count(fresh), _count(out), None, None, _NO_RAW)
    return Usage(
        _count(fresh),
        _count(out),
        _count(usage.cache_read_input_tokens),
        _count(usage.cache_write_input_tokens),
        _NO_RAW,
    )


def _tools(view: SpanView) -> tuple[str, ...]:
    if not view.tool_calls:
        return ()
    return tuple(dict.fromkeys(_word(name) for name in view.tool_calls[:_MAX_TOOLS]))


def _tags(given: dict[str, Any], prefix: str, stated: Mapping[str, str]) -> Mapping[str, str]:
    tags = {
        _clean(name[len(prefix) :], _NAME): _clean(str(value), _MESSAGE)
        for name, value in given.items()
        if name.startswith(prefix)
    }
    if stated:
        tags = {**{_clean(name, _NAME): _clean(value, _MESSAGE) for name, value in stated.items()}, **tags}
    return tags if len(tags) <= _MAX_TAGS else dict(list(tags.items())[:_MAX_TAGS])


def _count(value: object) -> int | None:
    """A number that a column can hold; None if it is none."""
    return value if isinstance(value, int) and 0 <= value <= _MAX_INTEGER else None


def _short(value: object) -> str | None:
    """A name that a column can hold; None if there is none."""
    if value is None or value == "":
        return None
    return _word(value if type(value) is str else str(value))


def _text(value: object, limit: int) -> str | None:
    """A short text that a column can hold; None if there is none."""
    return None if value is None or value == "" else _clean(str(value), limit)


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    """A name: of models, tools, types there are few, and they come again and again."""
    return _clean(text, _NAME)


def _clean(text: str, limit: int) -> str:
    # What JSON escapes make may be half a surrogate pair, which no UTF-8 column can hold.
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    if "\0" in short:
        # Some databases take no text with it, and others search but as far as it.
        short = short.replace("\0", "\ufffd")
    return short if short.isascii() else short.encode("utf-8", "replace").decode()
