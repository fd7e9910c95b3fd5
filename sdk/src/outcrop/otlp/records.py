"""A finished span: as the bytes that are spooled and sent, and as the plain data that is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from outcrop.otlp.flat import FlatSpan

# OpenTelemetry's codes, as OTLP numbers them.
STATUS_UNSET, STATUS_OK, STATUS_ERROR = 0, 1, 2
KIND_INTERNAL, KIND_SERVER, KIND_CLIENT = 1, 2, 3


class SpanGroup(NamedTuple):
    """What many spans have in common: the experiment's name, and the part of Outcrop that made them."""

    experiment: str
    scope: str


class EncodedSpan(NamedTuple):
    """A finished span as the bytes of OTLP's Span message.

    Attributes:
        group: what it shares with others.
        pieces: the message, in pieces: bodies are large, and are copied but once, into the request.
        size: the bytes of the pieces.
        later: gives further members of the message, in bytes; it may wait for a network, so it is called off
            the program's thread. None for nearly every span.
    """

    group: SpanGroup
    pieces: Sequence[bytes]
    size: int
    later: Callable[[], bytes] | None = None

    @property
    def trace_id(self) -> bytes:
        """16 bytes; `encode.span_head` writes them first."""
        return self.pieces[0][2:18]


class EndedSpan(Protocol):
    """A span that has ended and waits to be encoded: what the queue holds."""

    @property
    def is_costly(self) -> bool:
        """Whether encoding it is too much work for the program's own thread."""
        ...

    @property
    def is_local_root(self) -> bool:
        """Whether no span of this process stands above it."""
        ...

    def flat(self) -> FlatSpan | None:
        """The span as parts that are still to be encoded; None where it has no such form."""
        ...

    def encode(self) -> EncodedSpan:
        """Encodes it; called once, by whoever delivers it."""
        ...


@dataclass
class EventRecord:
    """An event of a span; `time_ns` is nanoseconds since the epoch."""

    name: str
    time_ns: int
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class SpanRecord:
    """A finished span.

    Attributes:
        trace_id: 16 bytes.
        span_id: 8 bytes.
        parent_id: 8 bytes, or empty for a root.
        name: the span's name.
        kind: OTLP's number of the span kind.
        start_ns: nanoseconds since the epoch.
        end_ns: nanoseconds since the epoch.
        status_code: OTLP's number of the status.
        status_message: what went wrong.
        attributes: values as OpenTelemetry has them; bytes are allowed.
        events: in order of time.
        experiment: name of the experiment it belongs to.
        scope: name of the part of Outcrop that made it.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status_code: int
    status_message: str
    attributes: dict[str, Any]
    events: list[EventRecord]
    experiment: str
    scope: str
