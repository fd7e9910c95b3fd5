"""Spans of other tracers: recorded against the emulator, or written after their sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcrop.genai.view import SpanView
from outcrop.otlp.records import EventRecord
from outcrop.views import read_span

_SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    """One span."""

    name: str
    status: str
    message: str
    attributes: dict[str, Any]
    events: list[EventRecord]


def sample(path: str) -> Sample:
    """A span by its file and its key in it, such as `mlflow/converse`."""
    file, _, key = path.partition("/")
    raw = json.loads((_SAMPLES / f"{file}.json").read_text("utf-8"))["spans"][key]
    events = [EventRecord(event["name"], 0, event["attributes"]) for event in raw["events"]]
    return Sample(raw["name"], raw["status"], raw["message"], raw["attributes"], events)


def every_sample() -> list[str]:
    """The paths of all spans."""
    return [
        f"{file.stem}/{key}"
        for file in sorted(_SAMPLES.glob("*.json"))
        for key in json.loads(file.read_text("utf-8"))["spans"]
    ]


def view_of(path: str) -> SpanView:
    """The span, read."""
    span = sample(path)
    return read_span(span.attributes, events=span.events)
