"""What destinations behind a server's API have in common, be it asked over HTTP or in this process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcrop.otlp.records import SpanRecord

if TYPE_CHECKING:
    from outcrop.assessments import Annotations, Assessment
    from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery
    from outcrop.delivery.server_api import ServerApi


class Asking(ABC):
    """A destination's side that reads and judges."""

    _api: ServerApi | None = None

    @property
    def api(self) -> ServerApi:
        """The API, loaded by who reads or judges; a program that only traces never does."""
        if self._api is None:
            self._api = self._make_api()
        return self._api

    @abstractmethod
    def _make_api(self) -> ServerApi:
        """Loads and makes the API."""

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """Reads a trace."""
        return self.api.read_trace(trace_id)

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans."""
        return self.api.annotations(trace_id)

    def search(self, query: TraceQuery) -> FoundPage:
        """Searches."""
        return self.api.search(query)

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        self.api.edit_tags(trace_id, tags)

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        return self.api.add_assessment(assessment)

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Replaces a judgement."""
        return self.api.update_assessment(assessment)

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        self.api.delete_assessment(trace_id, assessment_id)

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces."""
        return self.api.delete_traces(deletion)
