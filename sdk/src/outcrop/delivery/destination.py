"""Where traces go: the contract, and how a tracking URI names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from outcrop.assessments import Annotations, Assessment
from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery
from outcrop.exceptions import ConfigurationError
from outcrop.recording.record import EndedSpan, SpanRecord

VALID_URIS = (
    "http://HOST:PORT or https://HOST:PORT (an Outcrop server or any OTLP/HTTP endpoint)",
    "memory:// (this process alone, for tests)",
)


class Destination(Protocol):
    """Takes ended spans and gives traces back. Every method may be called from any thread."""

    def submit(self, span: EndedSpan) -> None:
        """Takes an ended span; MUST return at once and MUST NOT raise."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Delivers what waits; True if nothing waits in memory any more."""
        ...

    def shutdown(self, timeout_s: float) -> None:
        """Delivers or keeps what waits; nothing is submitted afterwards."""
        ...

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """The spans of a trace (32 hexadecimal digits); empty if there are none.

        Raises:
            OutcropError: the destination cannot be asked; the message says why.
        """
        ...

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans; empty if there is no such trace.

        Raises:
            OutcropError: the destination cannot be asked.
        """
        ...

    def search(self, query: TraceQuery) -> FoundPage:
        """The traces that fit.

        Raises:
            ConfigurationError: the filter, the order or the page token is wrong; says where.
            OutcropError: the destination cannot be asked.
        """
        ...

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets tags of a trace; None deletes one. What spans say later under the same names MUST NOT count.

        Raises:
            OutcropError: there is no such trace, or the destination cannot be asked.
        """
        ...

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement of the trace that it names; gives it back with its id and times.

        Raises:
            OutcropError: there is no such trace, or the destination cannot be asked.
        """
        ...

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Puts another judgement in the place of the one with the same trace and assessment id.

        Kind, author and time of creation stay; so does the source where the new one names none.

        Raises:
            OutcropError: there is none of this id, or the destination cannot be asked.
        """
        ...

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement.

        Raises:
            OutcropError: there is none of this id, or the destination cannot be asked.
        """
        ...

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces with all that is known of them; gives how many there were.

        Raises:
            OutcropError: the experiment is not known, or the destination cannot be asked.
        """
        ...


def check_tracking_uri(uri: str) -> str:
    """Gives the URI's scheme.

    Raises:
        ConfigurationError: no destination has this form; the message names those that exist.
    """
    parts = urlsplit(uri)
    try:
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if parts.scheme == "memory" or (parts.scheme in {"http", "https"} and has_host):
        return parts.scheme
    valid = "; ".join(VALID_URIS)
    raise ConfigurationError(f"The tracking URI {uri!r} names no destination. Valid forms: {valid}.")
