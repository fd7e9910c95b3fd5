"""Judgements of traces as rows.

The functions that write are called within a transaction, by the committing thread, with the traces locked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.annotations import Assessment, AssessmentContent
from outcrop_server.storage.postgresql.adapting import from_json, kept_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.model.annotations import AssessmentKind, SourceType
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.write import Writer

_COLUMNS = (
    "assessment_id, kind, name, value, source_type, source_id, rationale, metadata, span_id, author, "
    "created_at_ns, updated_at_ns"
)
_SELECT = (
    f"SELECT {_COLUMNS} FROM assessment JOIN trace_home USING (trace_key) "  # noqa: S608 - our own words
    "WHERE trace_id = %s AND part IS NOT NULL ORDER BY place"
)
_SELECT_SOME = (
    f"SELECT trace_id, {_COLUMNS} FROM assessment JOIN trace_home USING (trace_key) "  # noqa: S608 - our own words
    "WHERE trace_id = ANY(%s) AND part IS NOT NULL ORDER BY place"
)
_INSERT = (
    f"INSERT INTO assessment ({_COLUMNS}, trace_key) "  # noqa: S608 - our own words
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (assessment_id) DO NOTHING"
)
_UPDATE = (
    "UPDATE assessment SET (name, value, source_type, source_id, rationale, metadata, span_id, "
    "updated_at_ns) = (%s, %s, %s, %s, %s, %s, %s, %s) WHERE assessment_id = %s AND trace_key = %s"
)
_DELETE = "DELETE FROM assessment WHERE assessment_id = %s AND trace_key = %s"


class _Columns(NamedTuple):
    """The columns of `_SELECT`."""

    assessment_id: str
    kind: AssessmentKind
    name: str
    value: str
    source_type: SourceType
    source_id: str
    rationale: str | None
    metadata: str
    span_id: bytes | None
    author: str | None
    created_at_ns: int
    updated_at_ns: int


def read_assessments(connection: Connection, trace_id: bytes) -> list[Assessment]:
    """A trace's judgements in the order in which they came."""
    return [_assessment(trace_id, row) for row in connection.execute(_SELECT, (trace_id,))]


def read_some_assessments(
    connection: Connection, trace_ids: Iterable[bytes]
) -> dict[bytes, list[Assessment]]:
    """The judgements of those of some traces that have any."""
    found: dict[bytes, list[Assessment]] = {}
    for trace_id, *row in connection.execute(_SELECT_SOME, (list(trace_ids),)):
        found.setdefault(trace_id, []).append(_assessment(trace_id, tuple(row)))
    return found


def insert_assessment(writer: Writer, assessment: Assessment) -> bool:
    """Keeps a judgement; False if there is no such trace, or its id is known."""
    name, value, source_type, source_id, rationale, metadata, span_id = _content(assessment.content)
    row = (
        assessment.assessment_id,
        assessment.kind,
        name,
        value,
        source_type,
        source_id,
        rationale,
        metadata,
        span_id,
        assessment.author,
        assessment.created_at_ns,
        assessment.updated_at_ns,
    )
    return _change(writer, assessment.trace_id, _INSERT, row)


def update_assessment(
    writer: Writer, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
) -> bool:
    """Replaces what a judgement says; False if there is none of this id."""
    return _change(writer, trace_id, _UPDATE, (*_content(content), updated_at_ns, assessment_id))


def delete_assessment(writer: Writer, trace_id: bytes, assessment_id: str) -> bool:
    """Deletes a judgement; False if there is none of this id."""
    return _change(writer, trace_id, _DELETE, (assessment_id,))


def _change(writer: Writer, trace_id: bytes, statement: str, values: tuple[Any, ...]) -> bool:
    """Runs a statement whose last value is the key of a trace; False if it changed nothing."""
    connection = writer.connection
    home = writer.homes.stored(trace_id)
    if home is None or not connection.execute(statement.encode(), (*values, home.key)).rowcount:
        return False
    writer.finishing.changed(home)
    return True


def _content(content: AssessmentContent) -> tuple[Any, ...]:
    return (
        content.name,
        # Compact, so that searches can compare its text.
        kept_json(json.dumps(content.value, ensure_ascii=False, separators=(",", ":"))),
        content.source_type,
        content.source_id,
        content.rationale,
        kept_json(json.dumps(content.metadata, ensure_ascii=False)),
        content.span_id,
    )


def _assessment(trace_id: bytes, row: tuple[Any, ...]) -> Assessment:
    columns = _Columns(*row)
    return Assessment(
        assessment_id=columns.assessment_id,
        trace_id=trace_id,
        kind=columns.kind,
        content=AssessmentContent(
            name=columns.name,
            value=from_json(columns.value),
            source_type=columns.source_type,
            source_id=columns.source_id,
            rationale=columns.rationale,
            metadata=from_json(columns.metadata),
            span_id=columns.span_id,
        ),
        created_at_ns=columns.created_at_ns,
        updated_at_ns=columns.updated_at_ns,
        author=columns.author,
    )
