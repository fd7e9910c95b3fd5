"""Traces as MLflow's clients send, read, tag and delete them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from outcrop_server.access import audit
from outcrop_server.mlflow.asked import as_dict
from outcrop_server.mlflow.ids import (
    ExperimentIds,
    experiment_id_text,
    experiment_of,
    find_experiment,
    no_trace,
    trace_id_of,
    trace_id_text,
)
from outcrop_server.mlflow.info import expected_spans, info_json, note_of, waiting_json, with_places
from outcrop_server.mlflow.span_json import proto_json, spans_of
from outcrop_server.model.errors import BadRequestError, ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from outcrop_server.mlflow.asked import Asked
    from outcrop_server.model.rows import StoredTrace

_PATIENCE_S = 3.0
_MOMENT_S = 0.5
# How often to look for what another server of the same store has taken in.
_STEP_S = 0.05
# With one request; clients ask for ten.
_MAX_TRACES = 100


def start(asked: Asked) -> dict[str, Any]:
    """Takes what a client says of a trace; it says it when the trace has ended."""
    info = as_dict("trace_info", asked.object("trace").get("trace_info"))
    trace_id = _sent_id(info.get("trace_id"))
    location = as_dict("trace_location", info.get("trace_location") or {})
    experiment = as_dict("mlflow_experiment", location.get("mlflow_experiment") or {})
    row = experiment_of(asked.store, str(experiment.get("experiment_id") or ""))
    if not asked.store.note_trace(trace_id, note_of(info, trace_id, row.name)).result():
        raise ForbiddenError("This trace, or its experiment, is none of those that this token is for.")
    has_all = _has_come(asked, trace_id)
    return {"trace": {"trace_info": with_places(info, trace_id, experiment_id_text(row), has_all=has_all)}}


def get_info(asked: Asked) -> dict[str, Any]:
    """What is known of one trace as a whole."""
    trace_id = trace_id_of(asked.text("trace_id"))
    stored = asked.store.trace(trace_id)
    if stored is not None:
        return {"trace": {"trace_info": _info(asked, stored, ExperimentIds(asked.store))}}
    return {"trace": {"trace_info": _waiting(asked, trace_id)}}


def get(asked: Asked) -> dict[str, Any]:
    """A trace with its spans; unless a part is enough, waits a little for those that are said to come."""
    trace_id = trace_id_of(asked.text("trace_id"))
    is_part_enough = (asked.text_or_none("allow_partial") or "").lower() == "true"
    until = time.monotonic() + _PATIENCE_S
    with asked.arrivals_of(trace_id) as arrived:
        while True:
            stored = asked.store.trace(trace_id)
            if stored is not None and (is_part_enough or stored.row.span_count >= expected_spans(stored.row)):
                return {"trace": _whole(asked, stored, ExperimentIds(asked.store))}
            waiting = None if stored is not None else _waiting(asked, trace_id)
            if is_part_enough:
                return {"trace": {"trace_info": waiting, "spans": []}}
            if time.monotonic() > until:
                raise NotFoundError(
                    f"Trace with ID {trace_id_text(trace_id)} is not fully exported yet, please try again "
                    "later."
                )
            arrived.wait(_STEP_S)
            arrived.clear()


def batch_get(asked: Asked) -> dict[str, Any]:
    """Several traces with their spans; those that are not there are left out."""
    ids = ExperimentIds(asked.store)
    return {"traces": [_whole(asked, stored, ids) for stored in _several(asked)]}


def batch_get_infos(asked: Asked) -> dict[str, Any]:
    """The same without spans."""
    ids = ExperimentIds(asked.store)
    return {"trace_infos": [_info(asked, stored, ids) for stored in _several(asked)]}


def delete(asked: Asked) -> dict[str, Any]:
    """Deletes traces by their ids, or the oldest ones of an experiment."""
    row = find_experiment(asked.store, asked.text("experiment_id"))
    wanted = asked.texts("request_ids") or asked.texts("trace_ids")
    until_ms, most = asked.number_or_none("max_timestamp_millis"), asked.number_or_none("max_traces")
    if bool(wanted) == (until_ms is not None):
        raise BadRequestError("Either `max_timestamp_millis` or `trace_ids` must be specified, and not both.")
    if row is None:
        return {"traces_deleted": 0}
    if wanted:
        stored = [asked.store.trace(trace_id_of(each)) for each in wanted]
        ids = [
            each.row.trace_id
            for each in stored
            if each is not None and each.experiment_id == row.experiment_id
        ]
        deleted = asked.store.delete_traces(ids).result()
    else:
        # A moment in milliseconds holds all that began within it.
        until_ns = (until_ms or 0) * 1_000_000 + 999_999
        deleted = asked.store.delete_oldest(row.name, until_ns, most or 10_000).result()
    audit.record_by(asked.caller, "traces.deleted", experiment=row.name, count=deleted)
    return {"traces_deleted": deleted}


def _has_come(asked: Asked, trace_id: bytes) -> bool:
    """Whether all spans are there, or come in a moment.

    A client that is told otherwise sends them as a file, too: its way by OTLP may have failed for a value
    that OTLP has no room for. Most spans are on their way at the same time as this.
    """
    until = time.monotonic() + _MOMENT_S
    with asked.arrivals_of(trace_id) as arrived:
        while True:
            stored = asked.store.trace(trace_id)
            if stored is not None and stored.row.span_count >= max(1, expected_spans(stored.row)):
                return True
            if time.monotonic() > until:
                return False
            arrived.wait(_STEP_S)
            arrived.clear()


def _sent_id(given: Any) -> bytes:
    try:
        return trace_id_of(str(given))
    except NotFoundError as error:
        raise BadRequestError(f"'{str(given)[:80]}' is no trace id: it is tr- and 32 hex digits.") from error


def _several(asked: Asked) -> list[StoredTrace]:
    wanted = asked.texts("trace_ids")
    if len(wanted) > _MAX_TRACES:
        raise BadRequestError(f"At most {_MAX_TRACES} traces are given at once.")
    found = [asked.store.trace(trace_id_of(each)) for each in dict.fromkeys(wanted)]
    return [stored for stored in found if stored is not None]


def _info(asked: Asked, stored: StoredTrace, ids: ExperimentIds) -> dict[str, Any]:
    return info_json(stored.row, ids.of(stored), asked.store.assessments(stored.row.trace_id))


def _whole(asked: Asked, stored: StoredTrace, ids: ExperimentIds) -> dict[str, Any]:
    spans = spans_of(asked.store.payloads(stored.row.trace_id))
    return {"trace_info": _info(asked, stored, ids), "spans": [proto_json(span) for span in spans]}


def _waiting(asked: Asked, trace_id: bytes) -> dict[str, Any]:
    note = asked.store.waiting_note(trace_id)
    if note is None:
        raise no_trace(trace_id)
    row = next((row for row in asked.store.experiments() if row.name == note.experiment), None)
    return waiting_json(note, trace_id, "0" if row is None else experiment_id_text(row))
