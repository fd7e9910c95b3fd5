"""Judgements and edits of traces: gives them ids and times, and says what is not there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.model.annotations import Assessment, AssessmentContent, AssessmentKind, TraceEdit
from outcrop_server.model.errors import BadRequestError, NotFoundError
from outcrop_server.model.summary import MAX_NAMES
from outcrop_server.query.missing import no_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.storage.api import KeptTraces


@dataclass(frozen=True, slots=True)
class Annotated:
    """What is known of a trace beside its spans."""

    tags: dict[str, str]
    metadata: dict[str, str]
    assessments: list[Assessment]


class Judge:
    """Reads and changes what is said of traces. Each change is durable when its method returns.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def annotations(self, trace_id: bytes) -> Annotated:
        """All that is known of a trace beside its spans.

        Raises:
            NotFoundError: there is no such trace.
        """
        trace = self._store.trace(trace_id)
        if trace is None:
            raise no_trace(trace_id)
        return Annotated(trace.row.tags, trace.row.metadata, self._store.assessments(trace_id))

    def assessments(self, trace_id: bytes) -> list[Assessment]:
        """A trace's judgements; empty if there is no such trace."""
        return self._store.assessments(trace_id)

    def assessments_of(self, trace_ids: Sequence[bytes]) -> dict[bytes, list[Assessment]]:
        """The judgements of several traces by their ids; of those that have any."""
        return self._store.assessments_of(trace_ids)

    def edit(self, trace_id: bytes, edit: TraceEdit) -> Annotated:
        """Sets and deletes tags and metadata.

        Raises:
            NotFoundError: there is no such trace.
            BadRequestError: the trace would have too many tags.
        """
        before = self.annotations(trace_id)
        for what, kept, changes in (
            ("tags", before.tags, edit.tags),
            ("metadata", before.metadata, edit.metadata),
        ):
            after = {**kept, **changes}
            if sum(value is not None for value in after.values()) > MAX_NAMES:
                raise BadRequestError(f"A trace has at most {MAX_NAMES} {what}. Delete some first.")
        if not self._store.edit_trace(trace_id, edit).result():
            raise no_trace(trace_id)
        return self.annotations(trace_id)

    def add(
        self, trace_id: bytes, kind: AssessmentKind, content: AssessmentContent, author: str | None
    ) -> Assessment:
        """Keeps a judgement.

        Raises:
            NotFoundError: there is no such trace.
        """
        now = time.time_ns()
        # MLflow's form of these ids.
        assessment = Assessment(f"a-{os.urandom(16).hex()}", trace_id, kind, content, now, now, author)
        if not self._store.add_assessment(assessment).result():
            raise no_trace(trace_id)
        return assessment

    def update(
        self, trace_id: bytes, assessment_id: str, change: Callable[[AssessmentContent], AssessmentContent]
    ) -> Assessment:
        """Changes what a judgement says.

        Raises:
            NotFoundError: the trace has none of this id.
        """
        content = change(self.assessment(trace_id, assessment_id).content)
        if not self._store.update_assessment(trace_id, assessment_id, content, time.time_ns()).result():
            raise _no_assessment(trace_id, assessment_id)
        return self.assessment(trace_id, assessment_id)

    def delete(self, trace_id: bytes, assessment_id: str) -> None:
        """Deletes a judgement.

        Raises:
            NotFoundError: the trace has none of this id.
        """
        if not self._store.delete_assessment(trace_id, assessment_id).result():
            raise _no_assessment(trace_id, assessment_id)

    def assessment(self, trace_id: bytes, assessment_id: str) -> Assessment:
        """One judgement.

        Raises:
            NotFoundError: the trace has none of this id.
        """
        for assessment in self._store.assessments(trace_id):
            if assessment.assessment_id == assessment_id:
                return assessment
        raise _no_assessment(trace_id, assessment_id)


def _no_assessment(trace_id: bytes, assessment_id: str) -> NotFoundError:
    return NotFoundError(f"Trace {trace_id.hex()} has no assessment {assessment_id[:80]}.")
