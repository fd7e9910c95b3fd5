"""A trace as MLflow's `TraceInfo`: what clients send becomes a note, what is kept becomes one again. Pure.

Tags and metadata go where ours are. What has a place of its own with us (session, user, name) goes there, and
what has none lies in metadata under names that clients never see.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from outcrop.vocabularies.mlflow import usage_in_words
from outcrop_server.mlflow.asked import as_dict, as_list, texts_of
from outcrop_server.mlflow.assessment_json import assessment_json, read_assessment
from outcrop_server.mlflow.ids import trace_id_text
from outcrop_server.mlflow.moments import duration, moment
from outcrop_server.model.annotations import TraceEdit, TraceNote
from outcrop_server.model.progress import trace_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outcrop_server.model.annotations import Assessment
    from outcrop_server.model.rows import TraceRow

SESSION, USER = "mlflow.trace.session", "mlflow.trace.user"
SOURCE_RUN = "mlflow.sourceRun"
SIZE_STATS = "mlflow.trace.sizeStats"
TRACE_NAME = "mlflow.traceName"
_SPANS_LOCATION, _ARTIFACTS = "mlflow.trace.spansLocation", "mlflow.artifactLocation"
# Ours to say, whatever a client sends.
_OWN_TAGS = frozenset({TRACE_NAME, _SPANS_LOCATION, _ARTIFACTS})
CLIENT_REQUEST_ID = "mlflow.trace.clientRequestId"
_REQUEST_PREVIEW, _RESPONSE_PREVIEW = "mlflow.trace.requestPreview", "mlflow.trace.responsePreview"
LINKED_RUN = "mlflow.linkedRun."
_HIDDEN = frozenset({CLIENT_REQUEST_ID, _REQUEST_PREVIEW, _RESPONSE_PREVIEW})
_MAX_NAME, _MAX_TEXT = 500, 8000
_NANO = 1_000_000_000


def note_of(info: Mapping[str, Any], trace_id: bytes, experiment: str) -> TraceNote:
    """What a client says of a whole trace.

    Args:
        info: a `TraceInfo` in JSON.
        trace_id: its id.
        experiment: the name of its experiment.

    Raises:
        BadRequestError: it is no such JSON.
    """
    metadata = texts_of("trace_metadata", info.get("trace_metadata") or {})
    session, user = metadata.pop(SESSION, None), metadata.pop(USER, None)
    for name, member in (
        (CLIENT_REQUEST_ID, "client_request_id"),
        (_REQUEST_PREVIEW, "request_preview"),
        (_RESPONSE_PREVIEW, "response_preview"),
    ):
        if info.get(member) is not None:
            metadata[name] = str(info[member])
    tags = {
        name: value
        for name, value in texts_of("tags", info.get("tags") or {}).items()
        if name not in _OWN_TAGS
    }
    state = info.get("state")
    edit = TraceEdit(
        dict(_short(tags)),
        dict(_short(metadata)),
        session[:_MAX_NAME] if session else None,
        user[:_MAX_NAME] if user else None,
        state if state in {"OK", "ERROR"} else None,
    )
    given = as_list("assessments", info.get("assessments") or [])
    judged = tuple(read_assessment(as_dict("assessment", each), trace_id) for each in given)
    return TraceNote(experiment, edit, judged)


def info_json(row: TraceRow, experiment_id: str, assessments: Sequence[Assessment]) -> dict[str, Any]:
    """A kept trace.

    Args:
        row: the trace.
        experiment_id: of its experiment, as clients write it.
        assessments: its judgements.
    """
    metadata = _metadata(row)
    found: dict[str, Any] = {
        **_head(row.trace_id, experiment_id),
        "request_time": moment(row.start_time_ns),
        "execution_duration": duration(row.duration_ns),
        "state": _state(row),
        "trace_metadata": {
            name: value
            for name, value in metadata.items()
            if name not in _HIDDEN and not name.startswith(LINKED_RUN)
        },
        "tags": {TRACE_NAME: row.name, **row.tags, **_places(row.trace_id, experiment_id)},
    }
    more = {
        "request_preview": metadata.get(_REQUEST_PREVIEW, _unless_noted(row, row.request_preview)),
        "response_preview": metadata.get(_RESPONSE_PREVIEW, _unless_noted(row, row.response_preview)),
        "client_request_id": metadata.get(CLIENT_REQUEST_ID),
        "assessments": [assessment_json(each) for each in assessments] or None,
    }
    return {**found, **{name: value for name, value in more.items() if value is not None}}


def waiting_json(note: TraceNote, trace_id: bytes, experiment_id: str) -> dict[str, Any]:
    """A trace of which no span has come yet."""
    return {
        **_head(trace_id, experiment_id),
        "request_time": moment(time.time_ns()),
        "state": "IN_PROGRESS" if note.edit.status is None else note.edit.status,
        "trace_metadata": {key: value for key, value in note.edit.metadata.items() if value is not None},
        "tags": {
            **{key: value for key, value in note.edit.tags.items() if value is not None},
            **_places(trace_id, experiment_id),
        },
    }


def with_places(
    info: Mapping[str, Any], trace_id: bytes, experiment_id: str, *, has_all: bool
) -> dict[str, Any]:
    """What a client said of a trace, and where its files are kept, and its spans if all of them are there."""
    places = _places(trace_id, experiment_id)
    if not has_all:
        del places[_SPANS_LOCATION]
    return {**info, "tags": {**texts_of("tags", info.get("tags") or {}), **places}}


def kept_tag(name: str, value: str) -> TraceEdit:
    """The edit that sets a tag."""
    return TraceEdit({name[:_MAX_NAME]: value[:_MAX_TEXT]})


def expected_spans(row: TraceRow) -> int:
    """How many spans a client said that it sends of a trace; 0 if it did not say."""
    try:
        count = json.loads(row.metadata.get(SIZE_STATS, "{}")).get("num_spans", 0)
    except (ValueError, AttributeError):
        # Not of MLflow's making.
        return 0
    return count if isinstance(count, int) else 0


def _metadata(row: TraceRow) -> dict[str, str]:
    said: dict[str, str | None] = {
        SESSION: row.session_id,
        USER: row.user_id,
        "mlflow.trace_schema.version": "3",
    }
    tokens = usage_in_words(row.usage)
    if tokens:
        said["mlflow.trace.tokenUsage"] = json.dumps(tokens)
    if row.cost_nano_usd is not None:
        said["mlflow.trace.cost"] = json.dumps({"total_cost": row.cost_nano_usd / _NANO})
    if not _is_noted(row):
        said["mlflow.traceInputs"] = row.request_preview
        said["mlflow.traceOutputs"] = row.response_preview
    return {**{name: value for name, value in said.items() if value is not None}, **row.metadata}


def _is_noted(row: TraceRow) -> bool:
    """Whether an MLflow client has said how the trace is."""
    return SIZE_STATS in row.metadata or "mlflow.traceInputs" in row.metadata


def _unless_noted(row: TraceRow, preview: str | None) -> str | None:
    return None if _is_noted(row) else preview


def _state(row: TraceRow) -> str:
    if trace_state(row, time.time_ns()) == "IN_PROGRESS":
        return "IN_PROGRESS"
    return "ERROR" if row.status == "ERROR" else "OK"


def _head(trace_id: bytes, experiment_id: str) -> dict[str, Any]:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
    return {"trace_id": trace_id_text(trace_id), "trace_location": location}


def _places(trace_id: bytes, experiment_id: str) -> dict[str, str]:
    folder = f"mlflow-artifacts:/{experiment_id}/traces/{trace_id_text(trace_id)}/artifacts"
    return {_SPANS_LOCATION: "TRACKING_STORE", _ARTIFACTS: folder}


def _short(texts: Mapping[str, str]) -> dict[str, str]:
    return {name[:_MAX_NAME]: value[:_MAX_TEXT] for name, value in texts.items()}
