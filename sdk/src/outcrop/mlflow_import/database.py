"""MLflow's SQLite file as the source, read as it lies there; nothing is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_list, as_object, load_object
from outcrop.mlflow_import.source import Experiment
from outcrop.mlflow_import.traces import FoundTrace

_PLACE_OF_FILES = "mlflow.artifactLocation"
_WITH_SERVER = "its spans are not in this file: give the server's address, which knows where its files lie"


class MlflowDatabase:
    """Reads tables of any version that has traces: later ones have more of them."""

    def __init__(self, path: Path) -> None:
        """Opens the file for reading alone.

        Raises:
            OutcropError: it is not there, or not a database of MLflow.
        """
        if not path.is_file():
            raise OutcropError(f"There is no file {path}.")
        self._path = path
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        rows = self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._tables = {row[0] for row in rows}
        if not {"experiments", "trace_info", "trace_tags"} <= self._tables:
            self._connection.close()
            raise OutcropError(f"{path} is not a database of MLflow, or of a version that had no traces.")

    def experiments(self) -> list[Experiment]:
        """All that are active."""
        rows = self._rows("SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'")
        return [Experiment(str(number), str(name)) for number, name in rows]

    def count(self, experiment: Experiment, since_ms: int) -> int | None:
        """Counted."""
        asked = "SELECT count(*) FROM trace_info WHERE experiment_id = ? AND timestamp_ms >= ?"
        return int(self._rows(asked, experiment.experiment_id, since_ms)[0][0])

    def traces(self, experiment: Experiment, since_ms: int) -> Iterator[FoundTrace]:
        """One after the other; what is written meanwhile may be among them."""
        there = {row[1] for row in self._rows("PRAGMA table_info(trace_info)")}
        later = ", ".join(name if name in there else "NULL" for name in ("client_request_id", "session_id"))
        sql = (
            f"SELECT request_id, timestamp_ms, status, {later} FROM trace_info "  # noqa: S608  # known words
            "WHERE experiment_id = ? AND timestamp_ms >= ? ORDER BY timestamp_ms, request_id"
        )
        rows = self._each(sql, experiment.experiment_id, since_ms)
        for trace_id, started_ms, state, client_request_id, session_id in rows:
            tags = self._pairs("trace_tags", trace_id)
            metadata = self._pairs("trace_request_metadata", trace_id)
            if session_id:
                metadata.setdefault("mlflow.trace.session", session_id)
            info: JsonObject = {
                "trace_id": trace_id,
                "request_time": started_ms,
                "state": state,
                "client_request_id": client_request_id,
                "tags": tags,
                "trace_metadata": metadata,
                "assessments": self._assessments(trace_id),
            }
            yield FoundTrace(info, self._spans(trace_id) or _from_file(tags), _WITH_SERVER)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _spans(self, trace_id: str) -> list[JsonObject]:
        if "spans" not in self._tables:
            return []
        rows = self._rows(
            "SELECT content FROM spans WHERE trace_id = ? ORDER BY start_time_unix_nano", trace_id
        )
        return [as_object(load_object(content)) for (content,) in rows]

    def _pairs(self, table: str, trace_id: str) -> dict[str, str]:
        if table not in self._tables:
            return {}
        asked = f"SELECT key, value FROM {table} WHERE request_id = ?"  # noqa: S608  # our own names
        return {str(name): str(value or "") for name, value in self._rows(asked, trace_id)}

    def _assessments(self, trace_id: str) -> list[JsonObject]:
        if "assessments" not in self._tables:
            return []
        asked = (
            "SELECT assessment_id, name, assessment_type, value, error, created_timestamp, "
            "last_updated_timestamp, source_type, source_id, span_id, rationale, valid, assessment_metadata "
            "FROM assessments WHERE trace_id = ? ORDER BY created_timestamp, assessment_id"
        )
        return [_assessment(row) for row in self._rows(asked, trace_id)]

    def _rows(self, asked: str, *given: Any) -> list[Any]:
        return list(self._each(asked, *given))

    def _each(self, asked: str, *given: Any) -> Iterator[Any]:
        try:
            yield from self._connection.execute(asked, given)
        except sqlite3.Error as error:
            raise OutcropError(f"{self._path} cannot be read: {error}.") from error


def _assessment(row: tuple[Any, ...]) -> JsonObject:
    """As the API would tell of it."""
    (
        number,
        name,
        kind,
        value,
        error,
        created,
        updated,
        source_type,
        source_id,
        span_id,
        rationale,
        valid,
        more,
    ) = row
    said = None if value is None else json.loads(value)
    judged = {kind: {"value": said, **({"error": load_object(error)} if error else {})}}
    return {
        "assessment_id": number,
        "assessment_name": name,
        "source": {"source_type": source_type, "source_id": source_id},
        "create_time": created,
        "last_update_time": updated,
        "span_id": span_id,
        "rationale": rationale,
        "valid": valid is None or bool(valid),
        "metadata": as_object(load_object(more)) if more else {},
        **judged,
    }


def _from_file(tags: dict[str, str]) -> list[JsonObject] | None:
    """Spans that lie in a file beside the database, where that is on this machine."""
    place = urlsplit(tags.get(_PLACE_OF_FILES, ""))
    if place.scheme not in {"", "file"} or not place.path:
        return None
    try:
        data = (Path(unquote(place.path)) / "traces.json").read_bytes()
    except OSError:
        return None
    return [as_object(each) for each in as_list(as_object(load_object(data)).get("spans"))]
