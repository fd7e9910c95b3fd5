"""Stands in for a Databricks workspace and its storage: answers as the published client needs, and records.

It was never compared with a workspace. Its answers are those that MLflow's own client accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from outcrop.json_reading import as_list, as_object
from sdk.tests.delivery.http_double import Answer, Asked, HttpDouble
from tests.mlflow.tables_double import TablesDouble

TOKEN = "dapi-made-up"
_HEADERS = ("Content-Type", "X-Databricks-UC-Table-Name", "x-ms-blob-type", "x-given")
_NO_PART = ("/.well-known/", "/api/2.0/fs/files/")
_GIVEN = [{"name": "x-given", "value": "1"}, {"name": "x-ms-version", "value": "2023-11-03"}]


class WorkspaceDouble:
    """A workspace with one experiment.

    Attributes:
        url: its address.
        infos: what was sent as summaries, by trace id.
        files: what lies in the storage, by address.
        tables: what lies in tables of Unity Catalog.
        refusals: gives an answer for a request that is to be refused.
    """

    def __init__(self, storage: str = "AWS_PRESIGNED_URL") -> None:
        """`storage` is the kind of signed address that it gives."""
        self.storage = storage
        self.infos: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.tables = TablesDouble()
        self.refusals: Callable[[Asked], Answer | None] = lambda _: None
        self._has_experiment = False
        self._pending = b""
        self.double = HttpDouble(self._answer)
        self.url = self.double.url

    def __enter__(self) -> WorkspaceDouble:  # noqa: PYI034 - Self needs typing_extensions on Python 3.10
        """Begins to listen."""
        self.double.__enter__()
        return self

    def __exit__(self, *args: object) -> None:
        """Stops."""
        self.double.__exit__(None, None, None)

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """What was asked, in the points that matter: made-up ids, and what a body holds, not its values."""
        return [_points(asked) for asked in self.double.asked if not asked.path.startswith(_NO_PART)]

    def _answer(self, asked: Asked) -> Answer:
        refused = self.refusals(asked)
        if refused is not None:
            return refused
        path = urlsplit(asked.path).path
        if path.startswith("/storage/"):
            return self._stored(asked, path)
        if path.startswith(_NO_PART):
            return _json({"error_code": "NOT_FOUND", "message": "none here"}, 404)
        if asked.headers["Authorization"] != f"Bearer {TOKEN}":
            return _json({"error_code": "UNAUTHENTICATED", "message": "Invalid access token."}, 401)
        if path.endswith("/experiments/get-by-name") and not self._has_experiment:
            return _json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Node does not exist."}, 404)
        if path.endswith("/experiments/create"):
            self._has_experiment = True
            return _json({"experiment_id": "77"})
        if "/experiments/get" in path:
            return _json({"experiment": _EXPERIMENT})
        return self.tables.answer(asked) or self._traces(asked, path)

    def _traces(self, asked: Asked, path: str) -> Answer:
        if asked.method == "POST" and path == "/api/3.0/mlflow/traces":
            info = json.loads(asked.body)["trace"]["trace_info"]
            place = f"dbfs:/databricks/mlflow-tracking/77/{info['trace_id']}"
            info.setdefault("tags", {})["mlflow.artifactLocation"] = place
            self.infos[info["trace_id"]] = info
            return _json({"trace": {"trace_info": info}})
        found = re.fullmatch(r"/api/2\.0/mlflow/traces/(tr-[0-9a-f]+)/credentials-for-data-\w+", path)
        if found:
            signed = f"{self.url}/storage/{found[1]}?sig=made-up"
            given = {"type": self.storage, "signed_uri": signed, "headers": _GIVEN}
            return _json({"credential_info": given})
        if asked.method == "GET" and path.rpartition("/")[2] in self.infos:
            return _json({"trace": {"trace_info": self.infos[path.rpartition("/")[2]]}})
        if path == "/api/2.0/otel/v1/traces":
            self.tables.take(asked.body)
            return Answer()
        return _json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No such trace."}, 404)

    def _stored(self, asked: Asked, path: str) -> Answer:
        """Keeps and gives files; the two of Azure are built up in two steps."""
        assert asked.headers["Authorization"] is None
        if asked.method == "GET":
            return Answer(200, self.files[path]) if path in self.files else Answer(404)
        if "comp=block&" in asked.path:
            self._pending = asked.body
        elif "comp=blocklist" in asked.path:
            self.files[path] = self._pending
        elif "resource=file" in asked.path:
            self.files[path] = b""
        else:
            self.files[path] = asked.body
        return Answer(201 if "AZURE" in self.storage else 200)

    def spans(self, trace_id: str) -> list[Any]:
        """The spans in a trace's file."""
        found: list[Any] = json.loads(self.files[f"/storage/{trace_id}"])["spans"]
        return found


_EXPERIMENT = {
    "experiment_id": "77",
    "name": "/Shared/x",
    "artifact_location": "dbfs:/databricks/mlflow-tracking/77",
    "lifecycle_stage": "active",
}


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _points(asked: Asked) -> dict[str, Any]:
    path = re.sub(r"blockid=[^&]+", "blockid=ID", asked.path)
    path = re.sub(r"[0-9a-f]{32}", "ID", path)
    return {
        "request": f"{asked.method} {path}",
        "headers": {name: asked.headers[name] for name in _HEADERS if asked.headers[name]},
        "body": _held(asked),
    }


def _held(asked: Asked) -> list[str]:
    """The names of a body's members, and MLflow's own among those of its maps."""
    if asked.body[:1] != b"{":
        return ["protobuf"] if "protobuf" in (asked.headers["Content-Type"] or "") else []
    return sorted(set(_names(json.loads(asked.body))))


def _names(value: Any, place: str = "") -> list[str]:
    members = as_object(value)
    if members:
        return [name for key, each in members.items() for name in _names(each, f"{place}/{key}")]
    return [name for each in as_list(value) for name in _names(each, f"{place}[]")] or [place]
