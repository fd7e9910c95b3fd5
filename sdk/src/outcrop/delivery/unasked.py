"""Destinations that take traces and cannot be searched or judged: they say so, and what can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from outcrop.assessments import Annotations
from outcrop.exceptions import OutcropError

if TYPE_CHECKING:
    from outcrop.assessments import Assessment
    from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery


class Unasked:
    """A destination's side that searches and judges, where it has none.

    Attributes:
        what_it_is: in the words of errors, such as "The file traces.jsonl".
    """

    what_it_is = "This destination"

    def annotations(self, trace_id: str) -> Annotations:  # noqa: ARG002  # the contract's
        """Nothing is known beside the spans."""
        return Annotations()

    def search(self, query: TraceQuery) -> FoundPage:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("be searched")

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("change tags")

    def add_assessment(self, assessment: Assessment) -> Assessment:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("keep feedback")

    def update_assessment(self, assessment: Assessment) -> Assessment:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("keep feedback")

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("keep feedback")

    def delete_traces(self, deletion: TraceDeletion) -> int:  # noqa: ARG002  # as above
        """Raises OutcropError."""
        self._refuse("delete traces")

    def _refuse(self, what: str) -> NoReturn:
        raise OutcropError(
            f"{self.what_it_is} cannot {what}. Use a server (http://...), a store (sqlite:///...) or memory://."
        )
