"""The SQL of reading and writing, in one place; `columns` has the order of values, `schema` the tables."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from outcrop_server.storage.common.columns import SPAN, TRACE
from outcrop_server.storage.sqlite.bulk import Inserts, Lookup


def _in_join(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


def _marks(columns: str) -> str:
    return ", ".join("?" for _ in columns.split(","))


def _inserts(table: str, columns: str) -> Inserts:
    return Inserts(f"INSERT INTO {table} ({columns}) VALUES", columns.count(",") + 1)


_TRACE = _in_join("trace", TRACE)
_SPAN = _in_join("span", SPAN)
_WRITTEN_TRACE = f"{TRACE}, summary_keys, experiment_id"
_WRITTEN_SPAN = f"{SPAN}, payload_offset, payload_length, payload_id, trace_key"
_OF_TRACE = "FROM span JOIN trace USING (trace_key) WHERE trace_id = ?"

INSERT_EXPERIMENT = "INSERT OR IGNORE INTO experiment (name, created_at_ns) VALUES (?, ?)"
FIND_EXPERIMENT = "SELECT experiment_id FROM experiment WHERE name = ?"
SELECT_EXPERIMENTS = """
    SELECT experiment_id, name, created_at_ns, trace_count, error_count,
        (SELECT max(start_time_ns) FROM trace WHERE trace.experiment_id = experiment.experiment_id)
            AS last_ns,
        description, archived_at_ns, retention,
        (SELECT json_group_array(former_name.name) FROM former_name
            WHERE former_name.experiment_id = experiment.experiment_id)
    FROM experiment ORDER BY last_ns DESC NULLS LAST, name
"""

INSERT_TRACES = _inserts("trace", f"{_WRITTEN_TRACE}, trace_key")
KNOWN_TRACES = Lookup("SELECT trace_id FROM trace WHERE trace_id IN")
LAST_TRACE_KEY = "SELECT coalesce(max(trace_key), 0) FROM trace"
UPDATE_TRACE = f"UPDATE trace SET ({_WRITTEN_TRACE}) = ({_marks(_WRITTEN_TRACE)}) WHERE trace_key = ?"
FIND_TRACE = (
    f"SELECT {_TRACE}, summary_keys, trace_key, experiment.name "
    "FROM trace JOIN experiment USING (experiment_id) WHERE trace_id = ?"
)
SELECT_TRACES = (
    f"SELECT {_TRACE}, experiment.name, experiment_id FROM trace JOIN experiment USING (experiment_id)"
)
# What checks read, in the order of the tables.
SELECT_TRACES_BY_KEY = (
    f"SELECT {_TRACE}, summary_keys, trace_key, experiment.name FROM trace JOIN experiment USING "
    "(experiment_id) WHERE trace_key > ? ORDER BY trace_key LIMIT ?"
)
SELECT_PLACED_SPANS = (
    f"SELECT {_SPAN}, payload_offset, payload_length, payload_id FROM span WHERE trace_key = ? "
    "ORDER BY payload_id, payload_offset"
)


def select_traces_with(columns: str) -> str:
    """The same with further columns behind."""
    return (
        f"SELECT {_TRACE}, experiment.name, experiment_id, {columns} "
        "FROM trace JOIN experiment USING (experiment_id)"
    )


WITH_TRACE_ID = " WHERE trace_id = ?"
# By id, so that the index on (experiment, start) gives the rows in order.
IN_EXPERIMENT = "experiment_id = (SELECT experiment_id FROM experiment WHERE name = ?)"
AFTER = "(start_time_ns, trace_id) < (?, ?)"
NEWEST_FIRST = " ORDER BY start_time_ns DESC, trace_id DESC LIMIT ?"

_INTO_SPAN = f"INTO span ({_WRITTEN_SPAN}) VALUES ({_marks(_WRITTEN_SPAN)})"
INSERT_SPANS = _inserts("span", _WRITTEN_SPAN)
INSERT_SPAN_IF_NEW = f"INSERT OR IGNORE {_INTO_SPAN}"
SELECT_SPANS = f"SELECT {_SPAN} {_OF_TRACE} ORDER BY span.start_time_ns, span_id"
HAS_SPAN = f"SELECT 1 {_OF_TRACE} AND span_id = ?"
SELECT_SPAN = (
    f"SELECT {_SPAN}, payload_offset, payload_length, payload_id, frame FROM span "
    "JOIN trace USING (trace_key) JOIN payload USING (payload_id) WHERE trace_id = ? AND span_id = ?"
)

_ASSESSMENT = (
    "assessment_id, kind, name, value, source_type, source_id, rationale, metadata, span_id, author, "
    "created_at_ns, updated_at_ns"
)
FIND_TRACE_KEY = "SELECT trace_key FROM trace WHERE trace_id = ?"
INSERT_ASSESSMENT = (
    f"INSERT OR IGNORE INTO assessment ({_ASSESSMENT}, trace_key) VALUES ({_marks(_ASSESSMENT)}, ?)"
)
UPDATE_ASSESSMENT = (
    "UPDATE assessment SET (name, value, source_type, source_id, rationale, metadata, span_id, "
    "updated_at_ns) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE assessment_id = ? AND trace_key = ?"
)
DELETE_ASSESSMENT = "DELETE FROM assessment WHERE assessment_id = ? AND trace_key = ?"
SELECT_ASSESSMENTS = (
    f"SELECT trace_id, {_in_join('assessment', _ASSESSMENT)} FROM assessment JOIN trace USING (trace_key) "
    "WHERE trace_id = ? ORDER BY place"
)

DELETE_OF_TRACE = (
    "DELETE FROM payload WHERE payload_id IN (SELECT payload_id FROM span WHERE trace_key = ?)",
    "DELETE FROM span WHERE trace_key = ?",
    "DELETE FROM assessment WHERE trace_key = ?",
    "DELETE FROM trace_term WHERE trace_key = ?",
    "DELETE FROM trace WHERE trace_key = ?",
)
SELECT_OLDEST = (
    "SELECT trace_key FROM trace WHERE experiment_id = (SELECT experiment_id FROM experiment WHERE name = ?) "
    "AND start_time_ns <= ? ORDER BY start_time_ns, trace_id LIMIT ?"
)

INSERT_PAYLOADS = _inserts("payload", "payload_id, frame")
LAST_PAYLOAD_ID = "SELECT coalesce(max(payload_id), 0) FROM payload"
DELETE_PAYLOAD = "DELETE FROM payload WHERE payload_id = ?"
SELECT_FRAME = "SELECT frame FROM payload WHERE payload_id = ?"
# The number of a frame may be another trace's by now, if this one was deleted: then this span is not in it.
_IS_OF_SPAN = f"EXISTS (SELECT 1 {_OF_TRACE} AND span_id = ? AND span.payload_id = payload.payload_id)"
SELECT_FRAME_OF_SPAN = f"{SELECT_FRAME} AND {_IS_OF_SPAN}"
SELECT_PLACES = (
    f"SELECT payload_id, payload_offset, payload_length, span_id {_OF_TRACE} "
    "ORDER BY payload_id, payload_offset"
)
