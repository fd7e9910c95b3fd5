"""What carries a batch over the last step: to a server, into a file, into a store in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Sent:
    """How a request went.

    Attributes:
        is_delivered: the endpoint has it.
        is_refused: the endpoint will never take it; sending it again is useless.
        rejected_spans: of a delivered one: how many of its spans the endpoint did not take.
        reason: what happened, in words; empty if all is well.
        retry_after_s: how long the endpoint asked us to wait, in seconds; None if it did not.
        status: the HTTP status of a request that was not delivered; None if there was none.
        is_foreign: the endpoint is no Outcrop server, so that starting one is no help.
    """

    is_delivered: bool
    is_refused: bool = False
    rejected_spans: int = 0
    reason: str = ""
    retry_after_s: float | None = None
    status: int | None = None
    is_foreign: bool = False


class Sender(Protocol):
    """One endpoint. Used by one thread."""

    @property
    def name(self) -> str:
        """The endpoint, in the words of log lines."""
        ...

    def post(self, body: bytes) -> Sent:
        """Delivers the body of an OTLP request; says how that went, and never raises for the endpoint."""
        ...

    def close(self) -> None:
        """Lets go of what it holds; it may be used again."""
        ...
