"""Judgements for tests."""

from __future__ import annotations

from typing import Any

from outcrop_server.model.annotations import Assessment, AssessmentContent
from server.tests.support.spans import START_NS, TRACE


def content(name: str = "correct", value: Any = True, **changes: Any) -> AssessmentContent:
    values: dict[str, Any] = {"source_type": "HUMAN", "source_id": "ann", **changes}
    return AssessmentContent(name=name, value=value, **values)


def judgement(
    number: int, name: str = "correct", value: Any = True, trace: bytes = TRACE, **changes: Any
) -> Assessment:
    """A judgement whose id and time say its number."""
    values: dict[str, Any] = {"kind": "feedback", "author": None, **changes}
    return Assessment(
        assessment_id=f"a-{trace.hex()[-4:]}-{number}",
        trace_id=trace,
        content=content(name, value),
        created_at_ns=START_NS + number,
        updated_at_ns=START_NS + number,
        **values,
    )
