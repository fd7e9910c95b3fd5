"""Judgements as rows, and the deletion of traces: what changes a store beside spans.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.annotations import Assessment, AssessmentContent
from outcrop_server.storage.sqlite import notes
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.rollup_rows import take_away

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.annotations import AssessmentKind, SourceType
    from outcrop_server.storage.sqlite.write import Writer


class _Columns(NamedTuple):
    """The columns of `sql.SELECT_ASSESSMENTS`."""

    trace_id: bytes
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


def read_assessments(connection: sqlite3.Connection, trace_id: bytes) -> list[Assessment]:
    """A trace's judgements in the order in which they came."""
    return [_assessment(row) for row in connection.execute(sql.SELECT_ASSESSMENTS, (trace_id,))]


def read_some_assessments(
    connection: sqlite3.Connection, trace_ids: Iterable[bytes]
) -> dict[bytes, list[Assessment]]:
    """The judgements of those of some traces that have any."""
    return {each: found for each in trace_ids if (found := read_assessments(connection, each))}


def insert_assessment(connection: sqlite3.Connection, assessment: Assessment) -> bool:
    """Keeps a judgement; False if there is no such trace, or its id is known."""
    trace_key = _trace_key(connection, assessment.trace_id)
    if trace_key is None:
        return False
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
        trace_key,
    )
    return connection.execute(sql.INSERT_ASSESSMENT, row).rowcount > 0


def update_assessment(
    connection: sqlite3.Connection,
    trace_id: bytes,
    assessment_id: str,
    content: AssessmentContent,
    updated_at_ns: int,
) -> bool:
    """Replaces what a judgement says; False if there is none of this id."""
    trace_key = _trace_key(connection, trace_id)
    values = (*_content(content), updated_at_ns, assessment_id, trace_key)
    return connection.execute(sql.UPDATE_ASSESSMENT, values).rowcount > 0


def delete_assessment(connection: sqlite3.Connection, trace_id: bytes, assessment_id: str) -> bool:
    """Deletes a judgement; False if there is none of this id."""
    values = (assessment_id, _trace_key(connection, trace_id))
    return connection.execute(sql.DELETE_ASSESSMENT, values).rowcount > 0


def delete_traces(writer: Writer, trace_ids: Iterable[bytes]) -> int:
    """Deletes traces by their ids; returns how many there were."""
    wanted = list(trace_ids)
    notes.delete_notes(writer.connection, wanted)
    keys = (_trace_key(writer.connection, trace_id) for trace_id in wanted)
    return _delete(writer, [key for key in dict.fromkeys(keys) if key is not None])


def delete_oldest(writer: Writer, experiment: str, until_ns: int, limit: int) -> int:
    """Deletes the oldest traces of an experiment; returns how many there were."""
    rows = writer.connection.execute(sql.SELECT_OLDEST, (experiment, until_ns, limit)).fetchall()
    return _delete(writer, [key for (key,) in rows])


def _delete(writer: Writer, trace_keys: Sequence[int]) -> int:
    for trace_key in trace_keys:
        take_away(writer.connection, writer.deltas, trace_key)
    for statement in sql.DELETE_OF_TRACE:
        writer.connection.executemany(statement, [(key,) for key in trace_keys])
    return len(trace_keys)


def _trace_key(connection: sqlite3.Connection, trace_id: bytes) -> int | None:
    found = connection.execute(sql.FIND_TRACE_KEY, (trace_id,)).fetchone()
    return None if found is None else int(found[0])


def _content(content: AssessmentContent) -> tuple[Any, ...]:
    return (
        content.name,
        # Compact, so that searches can compare its text.
        json.dumps(content.value, ensure_ascii=False, separators=(",", ":")),
        content.source_type,
        content.source_id,
        content.rationale,
        json.dumps(content.metadata, ensure_ascii=False),
        content.span_id,
    )


def _assessment(row: tuple[Any, ...]) -> Assessment:
    columns = _Columns(*row)
    return Assessment(
        assessment_id=columns.assessment_id,
        trace_id=columns.trace_id,
        kind=columns.kind,
        content=AssessmentContent(
            name=columns.name,
            value=json.loads(columns.value),
            source_type=columns.source_type,
            source_id=columns.source_id,
            rationale=columns.rationale,
            metadata=json.loads(columns.metadata),
            span_id=columns.span_id,
        ),
        created_at_ns=columns.created_at_ns,
        updated_at_ns=columns.updated_at_ns,
        author=columns.author,
    )
