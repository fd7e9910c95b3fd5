"""What was said of traces afterwards, for `memory://`. Its owner holds the lock."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping

from outcrop.assessments import Annotations, Assessment
from outcrop.exceptions import OutcropError


class MemoryAnnotations:
    """Tags and judgements by trace."""

    def __init__(self) -> None:
        """Starts empty."""
        self._tags: dict[str, dict[str, str | None]] = {}
        self._assessments: dict[str, dict[str, Assessment]] = {}

    def of(self, trace_id: str) -> Annotations:
        """All that was said of a trace."""
        return Annotations(
            tags=dict(self._tags.get(trace_id, {})),
            assessments=tuple(self._assessments.get(trace_id, {}).values()),
        )

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags; that one was deleted is remembered."""
        self._tags.setdefault(trace_id, {}).update(tags)

    def add(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement; gives it its id and times."""
        now = time.time_ns() // 1_000_000
        # MLflow's form of these ids.
        kept = dataclasses.replace(
            assessment, assessment_id=f"a-{os.urandom(16).hex()}", create_time_ms=now, last_update_time_ms=now
        )
        self._assessments.setdefault(kept.trace_id or "", {})[kept.assessment_id or ""] = kept
        return kept

    def update(self, assessment: Assessment) -> Assessment:
        """Replaces what a judgement says."""
        old = self._find(assessment.trace_id or "", assessment.assessment_id or "")
        kept = dataclasses.replace(
            old,
            name=assessment.name,
            value=assessment.value,
            source=assessment.source or old.source,
            rationale=assessment.rationale,
            metadata=assessment.metadata,
            span_id=assessment.span_id,
            last_update_time_ms=time.time_ns() // 1_000_000,
        )
        self._assessments[kept.trace_id or ""][kept.assessment_id or ""] = kept
        return kept

    def delete(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        self._find(trace_id, assessment_id)
        del self._assessments[trace_id][assessment_id]

    def forget(self, trace_id: str) -> None:
        """Drops all that was said of a trace."""
        self._tags.pop(trace_id, None)
        self._assessments.pop(trace_id, None)

    def _find(self, trace_id: str, assessment_id: str) -> Assessment:
        found = self._assessments.get(trace_id, {}).get(assessment_id)
        if found is None:
            raise OutcropError(f"Trace {trace_id} has no assessment {assessment_id}.")
        return found
