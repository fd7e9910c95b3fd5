"""Who judged: kept with each judgement, wherever traces go."""

from __future__ import annotations

from pathlib import Path

import pytest

import outcrop
from outcrop.entities import AssessmentSource, Expectation


def traced() -> str:
    """A trace of one span; gives its id."""
    with outcrop.start_span("agent") as span:
        pass
    return span.trace_id


def authors(trace_id: str) -> dict[str, tuple[str, str, str | None]]:
    """Source and author of each judgement, by its name."""
    found: dict[str, tuple[str, str, str | None]] = {}
    trace = outcrop.get_trace(trace_id)
    assert trace is not None
    for each in trace.info.assessments:
        assert each.source is not None
        found[each.name] = (each.source.source_type, each.source.source_id, each.author)
    return found


def judge_in_every_way(trace_id: str) -> None:
    outcrop.log_feedback(trace_id=trace_id, name="plain", value=1)
    outcrop.log_feedback(trace_id=trace_id, name="ann's", value=1, source=AssessmentSource("HUMAN", "ann"))
    outcrop.log_feedback(trace_id=trace_id, name="judged", value=1, source=AssessmentSource("LLM_JUDGE", "m"))
    outcrop.log_feedback(trace_id=trace_id, name="signed", value=1, author="carl")
    outcrop.log_expectation(trace_id=trace_id, name="answer", value="42")
    outcrop.log_assessment(trace_id, Expectation("bare", value="42"))


UNNAMED = {
    "plain": ("CODE", "default", None),
    "ann's": ("HUMAN", "ann", "ann"),
    "judged": ("LLM_JUDGE", "m", None),
    "signed": ("CODE", "default", "carl"),
    "answer": ("HUMAN", "default", None),
    "bare": ("HUMAN", "default", None),
}
BY_BEA = {
    "plain": ("CODE", "default", "bea"),
    "ann's": ("HUMAN", "ann", "bea"),
    "judged": ("LLM_JUDGE", "m", "bea"),
    "signed": ("CODE", "default", "carl"),
    "answer": ("HUMAN", "bea", "bea"),
    "bare": ("HUMAN", "bea", "bea"),
}


@pytest.mark.usefixtures("destination")
@pytest.mark.parametrize(("user", "expected"), [("", UNNAMED), ("bea", BY_BEA)])
def test_who_judged_is_kept(
    monkeypatch: pytest.MonkeyPatch, user: str, expected: dict[str, tuple[str, str, str | None]]
) -> None:
    monkeypatch.setenv("OUTCROP_USER", user)
    trace_id = traced()
    judge_in_every_way(trace_id)
    assert authors(trace_id) == expected


def test_who_judged_is_kept_in_a_store_without_a_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"sqlite:///{tmp_path}/traces.db")
    monkeypatch.setenv("OUTCROP_USER", "bea")
    try:
        trace_id = traced()
        judge_in_every_way(trace_id)
        assert authors(trace_id) == BY_BEA
    finally:
        outcrop.set_tracking_uri(before)
