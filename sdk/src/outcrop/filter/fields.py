"""The fields that can be searched and ordered by, and their further names. What a field means stands here.

Moments are milliseconds since the epoch, durations milliseconds, costs US dollars: as `TraceInfo` has them.
"""

from __future__ import annotations

from outcrop.filter.ast import Entity, Kind

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
    "model": "text",  # any of the models asked
    "tool": "text",  # any of the tools called
    "session_id": "text",
    "user_id": "text",
    "error_type": "text",
    "error_message": "text",
    "prompt": "text",  # the first words of what was asked
    "response": "text",  # the first words of the answer
    "text": "text",  # either of the two
    "span_count": "number",
    "input_tokens": "number",
    "output_tokens": "number",
    "total_tokens": "number",
    "cost": "number",
}

SPAN_FIELDS: dict[str, Kind] = {
    "name": "text",
    "type": "text",
    "status": "text",  # OK, ERROR or UNSET
    "model": "text",
    "error_type": "text",
    "execution_time": "number",
    "input_tokens": "number",
    "output_tokens": "number",
}

OTHER_NAMES = {
    "request_id": "trace_id",
    "id": "trace_id",
    "timestamp_ms": "timestamp",
    "execution_time_ms": "execution_time",
    "duration_ms": "execution_time",
    "end_time_ms": "end_time",
    "session": "session_id",
    "user": "user_id",
    "span_type": "type",
    "state": "status",
}

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
