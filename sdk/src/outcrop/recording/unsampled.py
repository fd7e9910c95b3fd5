"""Spans of traces that are not kept, or not yet: they pass their ids on and say that they are unsampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace as otel

from outcrop.otlp.records import EndedSpan
from outcrop.recording.span import LiveSpan


class HeldSpan(LiveSpan):
    """A span that is recorded, in case its trace turns out to be worth keeping."""

    trace_flags = otel.TraceFlags(otel.TraceFlags.DEFAULT)


class UnsampledSpan(LiveSpan):
    """A span of which nothing is kept. It takes what any span takes, and does nothing with it."""

    trace_flags = otel.TraceFlags(otel.TraceFlags.DEFAULT)
    is_recorded = False

    def set_inputs(self, inputs: Any) -> None:
        """Not kept."""

    def set_outputs(self, outputs: Any) -> None:
        """Not kept."""

    def set_span_type(self, span_type: str) -> None:
        """Not kept."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Not kept."""

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Not kept."""

    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None:
        """Not kept."""

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Not kept."""

    def fail(self, exception: BaseException, error_type: str | None = None) -> None:
        """Not kept."""

    def is_recording(self) -> bool:
        """Never."""
        return False

    def end_as(self, ended: EndedSpan, end_time: int | None = None) -> None:
        """Goes nowhere."""
