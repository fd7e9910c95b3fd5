"""Files of traces and runs. A trace's `traces.json` is its spans: taken in as such, and made from them."""

from __future__ import annotations

import json
import mimetypes
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from outcrop_server.mlflow.ids import experiment_of, trace_id_of
from outcrop_server.mlflow.span_json import file_json, parsed, request_of, spans_of
from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.model.errors import BadRequestError, ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from outcrop_server.mlflow.asked import Asked

_FILES = "mlflow-artifact"
_SPANS_FILE = "traces.json"
_OF_TRACE = re.compile(r"[^/]+/traces/(?:tr-)?([0-9a-fA-F]{32})/artifacts/(.+)")
_MAX_LISTED = 10_000


class _Place(NamedTuple):
    """Where a file lies: its whole path, and the trace and its own name there if it is a trace's."""

    path: str
    experiment_id: str
    trace_id: bytes | None
    name: str


def put(asked: Asked) -> dict[str, Any]:
    """Keeps a file."""
    place = _place(asked.text("path"))
    experiment = experiment_of(asked.store, place.experiment_id)
    if place.trace_id is not None and place.name == _SPANS_FILE:
        request = request_of(asked.body, place.trace_id)
        if request:
            asked.take_in(request, experiment.name)
        if _is_kept(asked, place.trace_id):
            return {}
    document = Document(DocumentKey(_FILES, place.path), experiment.name, asked.body, place.trace_id)
    if not asked.store.put_document(document).result():
        raise ForbiddenError("This file, or its experiment, is none of those that this token is for.")
    return {}


def get(asked: Asked) -> Response:
    """One file."""
    place = _place(asked.text("path"))
    found = asked.store.document(DocumentKey(_FILES, place.path))
    if found is None and place.trace_id is not None and place.name == _SPANS_FILE:
        spans = spans_of(asked.store.payloads(place.trace_id))
        if not spans:
            raise _missing(place)
        content = json.dumps({"spans": [file_json(span) for span in spans]}, ensure_ascii=False)
        return Response(content.encode("utf-8", "replace"), media_type="application/json")
    if found is None:
        raise _missing(place)
    kind = mimetypes.guess_type(place.path)[0] or "application/octet-stream"
    # What a program uploaded must not run as a page of this server.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=kind, headers=headers)


def delete(asked: Asked) -> dict[str, Any]:
    """Deletes a file; a trace's spans go with the trace alone."""
    place = _place(asked.text("path"))
    if not asked.store.delete_document(DocumentKey(_FILES, place.path)).result():
        raise _missing(place)
    return {}


def listed(asked: Asked) -> dict[str, Any]:
    """The files and folders right below a folder."""
    folder = (asked.text_or_none("path") or "").strip("/")
    prefix = f"{folder}/" if folder else ""
    files: dict[str, dict[str, Any]] = {}
    for key, size in asked.store.document_keys(_FILES, prefix, _MAX_LISTED):
        name, slash, _ = key.removeprefix(prefix).partition("/")
        files[name] = {"path": name, "is_dir": bool(slash)} | ({} if slash else {"file_size": size})
    return {"files": list(files.values())}


def _place(path: str) -> _Place:
    parts = path.strip("/").split("/")
    if len(parts) < 2 or any(part in {"", ".", ".."} for part in parts):  # noqa: PLR2004 - experiment and name
        raise BadRequestError(f"Invalid path: {path[:200]}")
    whole = "/".join(parts)
    found = _OF_TRACE.fullmatch(whole)
    if found is None:
        return _Place(whole, parts[0], None, "")
    return _Place(whole, parts[0], trace_id_of(found[1]), found[2])


def _is_kept(asked: Asked, trace_id: bytes) -> bool:
    """Whether the spans that are kept say all that a file of them says.

    Clients of 3.4 send spans by OTLP first, without the empty lists and objects in them, and then this file.
    """
    told: dict[str, Any] = json.loads(asked.body)
    kept = {each["span_id"]: each for each in map(file_json, spans_of(asked.store.payloads(trace_id)))}
    sent: list[dict[str, Any]] = told.get("spans") or []
    return all(_attributes(kept.get(each["span_id"])) == _attributes(each) for each in sent)


def _attributes(told: dict[str, Any] | None) -> dict[str, Any] | None:
    if told is None:
        return None
    given: dict[str, Any] = told.get("attributes") or {}
    return {name: parsed(text) for name, text in given.items()}


def _missing(place: _Place) -> NotFoundError:
    return NotFoundError(f"No such artifact: '{place.path[:200]}'")
