"""An Outcrop server (or another OTLP/HTTP endpoint) as a destination: the pipeline and the read API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.recording.record import EndedSpan, SpanRecord

if TYPE_CHECKING:
    from outcrop.assessments import Annotations, Assessment
    from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery
    from outcrop.delivery.server_api import ServerApi

_TRACES_PATH = "/v1/traces"


class ServerDestination:
    """Sends to `{uri}/v1/traces` and reads from `{uri}/api`."""

    def __init__(self, uri: str, spool_root: Path, resource: Mapping[str, Any]) -> None:
        """`uri` is the tracking URI; one that already names the OTLP route is taken as it is."""
        base = uri.rstrip("/")
        endpoint = base if base.endswith(_TRACES_PATH) else base + _TRACES_PATH
        self._base = endpoint.removesuffix(_TRACES_PATH)
        self._pipeline = Pipeline(endpoint, Spool(spool_dir_for(self._base, spool_root)), resource)

    def submit(self, span: EndedSpan) -> None:
        """Queues the span."""
        self._pipeline.submit(span)

    def flush(self, timeout_s: float) -> bool:
        """Sends or spools what is queued."""
        return self._pipeline.flush(timeout_s)

    def shutdown(self, timeout_s: float) -> None:
        """Flushes and ends the delivery thread."""
        self._pipeline.shutdown(timeout_s)

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child."""
        self._pipeline.after_fork_in_child()

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """Asks the server for a trace."""
        return self._api.read_trace(trace_id)

    def annotations(self, trace_id: str) -> Annotations:
        """Asks the server what it knows of a trace beside its spans."""
        return self._api.annotations(trace_id)

    def search(self, query: TraceQuery) -> FoundPage:
        """Lets the server search."""
        return self._api.search(query)

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        self._api.edit_tags(trace_id, tags)

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        return self._api.add_assessment(assessment)

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Replaces a judgement."""
        return self._api.update_assessment(assessment)

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        self._api.delete_assessment(trace_id, assessment_id)

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces."""
        return self._api.delete_traces(deletion)

    @cached_property
    def _api(self) -> ServerApi:
        # Loaded by who reads or judges; a program that only traces never does.
        from outcrop.delivery.server_api import ServerApi  # noqa: PLC0415

        return ServerApi(self._base)
