"""A trace's data as the artifact `traces.json`: where MLflow before 3.6 or so, and Databricks, keep spans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from urllib.parse import quote

from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.remembered import Sofar
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.delivery.mlflow.trace_form import trace_data
from outcrop.json_reading import JsonObject, as_list, as_object, as_text, load_object

_SCHEME = "mlflow-artifacts:/"
_FILE = "traces.json"


class DataStore(Protocol):
    """Where a trace's data lies."""

    def read(self, info: JsonObject) -> bytes | None:
        """The data of a trace, of which this is the summary; None if there is none."""
        ...

    def write(self, info: JsonObject, data: bytes) -> None:
        """Puts data in the place of what there was."""
        ...


class ServerArtifacts:
    """Artifacts that an MLflow server passes on."""

    def __init__(self, rest: MlflowRest) -> None:
        """`rest` is the server."""
        self._rest = rest

    def read(self, info: JsonObject) -> bytes | None:
        """See `DataStore`."""
        try:
            return self._rest.raw("GET", _route(info)).body
        except RefusedError as error:
            # Older servers answer for a file that is not there with an error of their own.
            if error.is_missing or error.status == 500:  # noqa: PLR2004  # HTTP's own
                return None
            raise

    def write(self, info: JsonObject, data: bytes) -> None:
        """See `DataStore`."""
        self._rest.raw("PUT", _route(info), data, {"Content-Type": "text/plain"})


def _route(info: JsonObject) -> str:
    location = as_text(as_object(info.get("tags")).get(words.ARTIFACT_LOCATION)) or ""
    if not location.startswith(_SCHEME):
        raise RefusedError(
            "it keeps spans as artifacts and does not pass them on: start it with --serve-artifacts, or "
            "upgrade it to MLflow 3.17 or later",
            is_final=True,
        )
    path = location.removeprefix(_SCHEME).strip("/")
    return f"/api/2.0/mlflow-artifacts/artifacts/{quote(path)}/{_FILE}"


def put_data(store: DataStore, info: JsonObject, sofar: Sofar, began_ns: int) -> None:
    """Writes the spans that are known of a trace, with those that others may have written before.

    Args:
        store: where they go.
        info: the trace's summary as the other side answered it.
        sofar: what is known here.
        began_ns: when this process began to send, nanoseconds since the epoch.
    """
    earlier: Iterable[JsonObject] = ()
    if may_have_earlier(sofar, began_ns):
        earlier = spans_in(store.read(info))
    store.write(info, trace_data(sofar.forms.values(), earlier))


def may_have_earlier(sofar: Sofar, began_ns: int) -> bool:
    """Whether another process, or this one long ago, may have written spans of the trace."""
    root = sofar.root
    is_all_here = root is not None and root.record.start_ns >= began_ns
    return sofar.is_partial or (sofar.is_new and not is_all_here)


def spans_in(data: bytes | None) -> list[JsonObject]:
    """The spans in a trace's data."""
    found = load_object(data) if data else None
    return [as_object(each) for each in as_list((found or {}).get("spans"))]
