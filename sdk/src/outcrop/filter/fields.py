"""The fields that can be searched and ordered by, and their further names. What a field means stands here.

Moments are milliseconds since the epoch, durations milliseconds, costs US dollars: as `TraceInfo` has them.
"""

from __future__ import annotations

from outcrop.filter.ast import Entity, Field, Kind

ENTITIES: dict[str, Entity] = {
    "trace": "trace",
    "attribute": "trace",
    "attributes": "trace",
    "span": "span",
    "tag": "tag",
    "tags": "tag",
    "metadata": "metadata",
    "request_metadata": "metadata",
    "feedback": "feedback",
    "expectation": "expectation",
}

TRACE_FIELDS: dict[str, Kind] = {
    "trace_id": "text",
    "name": "text",  # of the root span
    "status": "text",  # OK or ERROR
    "timestamp": "number",  # start
    "execution_time": "number",
    "end_time": "number",
    "experiment": "text",  # its name
    "model": "text",  # any of the models asked
    "vendor": "text",  # any of their makers
    "tool": "text",  # any of the tools called
    "finish_reason": "text",  # any of them, in the provider's own words
    "session_id": "text",
    "user_id": "text",
    "error": "text",  # the code of any failed span
    "error.message": "text",  # of any failed span
    "error_type": "text",  # the code of a failed trace, which is its root's
    "error_message": "text",  # of a failed trace
    "prompt": "text",  # the first words of what was asked
    "response": "text",  # the first words of the answer
    "text": "text",  # either of the two
    "span_count": "number",
    "input_tokens": "number",
    "output_tokens": "number",
    "total_tokens": "number",
    "cost": "number",
}

# Before the key of a span's attribute, which may be any.
ATTRIBUTE = "attributes."

SPAN_FIELDS: dict[str, Kind] = {
    "name": "text",
    "content": "text",  # its whole text, see `genai.content`; None if it has none
    "type": "text",
    "status": "text",  # OK, ERROR or UNSET
    "model": "text",
    "vendor": "text",
    "finish_reason": "text",
    "error_type": "text",
    "error_message": "text",
    "execution_time": "number",
    "input_tokens": "number",
    "output_tokens": "number",
    "total_tokens": "number",
    "cost": "number",
}

# What free words are looked for in: prompt, response, and every span's text, name, error code and message.
WORDS = Field("trace", "words", "text")
TRACE_ID = Field("trace", "trace_id", "text")

_OF_BOTH = {
    "latency": "execution_time",
    "duration": "execution_time",
    "execution_time_ms": "execution_time",
    "duration_ms": "execution_time",
    "state": "status",
    "provider": "vendor",
    "stop_reason": "finish_reason",
    "tokens": "total_tokens",
    "tokens.input": "input_tokens",
    "tokens.output": "output_tokens",
    "tokens.total": "total_tokens",
}
OTHER_NAMES: dict[Entity, dict[str, str]] = {
    "trace": {
        **_OF_BOTH,
        "request_id": "trace_id",
        "id": "trace_id",
        "time": "timestamp",
        "start_time": "timestamp",
        "timestamp_ms": "timestamp",
        "end_time_ms": "end_time",
        "session": "session_id",
        "session.id": "session_id",
        "user": "user_id",
        "user.id": "user_id",
        "error.code": "error",
        "error.type": "error",
    },
    "span": {
        **_OF_BOTH,
        "span_type": "type",
        "error": "error_type",
        "error.code": "error_type",
        "error.type": "error_type",
        "error.message": "error_message",
    },
}


def attribute_key(field: Field) -> str | None:
    """The key of a span's attribute; None of other fields."""
    is_attribute = field.entity == "span" and field.name.startswith(ATTRIBUTE)
    return field.name[len(ATTRIBUTE) :] if is_attribute else None


DURATIONS = frozenset({"execution_time"})
MOMENTS = frozenset({"timestamp", "end_time"})

STATUSES: dict[Entity, tuple[str, ...]] = {
    # The last two are MLflow's words: no finished trace has them.
    "trace": ("OK", "ERROR", "IN_PROGRESS", "STATE_UNSPECIFIED"),
    "span": ("OK", "ERROR", "UNSET"),
}

ORDER_FIELDS = (
    "timestamp",
    "execution_time",
    "end_time",
    "name",
    "status",
    "trace_id",
    "span_count",
    "total_tokens",
    "cost",
)
