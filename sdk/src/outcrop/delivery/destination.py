"""Where traces go: the contract, and how a tracking URI names one."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from outcrop.exceptions import ConfigurationError
from outcrop.recording.record import EndedSpan, SpanRecord

VALID_URIS = (
    "http://HOST:PORT or https://HOST:PORT (an Outcrop server or any OTLP/HTTP endpoint)",
    "memory:// (this process alone, for tests)",
    "console (each finished trace as a tree on standard error)",
)
CONSOLE = "console"


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


def check_tracking_uri(uri: str) -> str:
    """Gives the URI's scheme; `console` is its own.

    Raises:
        ConfigurationError: no destination has this form; the message names those that exist.
    """
    if uri in {CONSOLE, f"{CONSOLE}://"}:
        return CONSOLE
    parts = urlsplit(uri)
    try:
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if parts.scheme == "memory" or (parts.scheme in {"http", "https"} and has_host):
        return parts.scheme
    valid = "; ".join(VALID_URIS)
    raise ConfigurationError(f"The tracking URI {uri!r} names no destination. Valid forms: {valid}.")
