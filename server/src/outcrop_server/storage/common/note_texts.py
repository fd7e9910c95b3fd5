"""Notes of traces as texts, as engines keep those that wait. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from outcrop_server.model.annotations import Assessment, AssessmentContent, TraceEdit, TraceNote

WAITS_NS = 7 * 24 * 3600 * 10**9


def note_text(note: TraceNote) -> str:
    """A note as JSON."""
    return json.dumps(asdict(note), ensure_ascii=False, default=bytes.hex)


def read_note_text(text: str) -> TraceNote:
    """The note of a text of `note_text`; NUL may stand in it as itself."""
    told = json.loads(text, strict=False)
    return TraceNote(
        told["experiment"],
        TraceEdit(**told["edit"]),
        tuple(_assessment(each) for each in told["assessments"]),
    )


def _assessment(told: dict[str, Any]) -> Assessment:
    content = dict(told["content"])
    span_id = content["span_id"]
    content["span_id"] = None if span_id is None else bytes.fromhex(span_id)
    given: dict[str, Any] = {
        **told,
        "trace_id": bytes.fromhex(told["trace_id"]),
        "content": AssessmentContent(**content),
    }
    return Assessment(**given)
