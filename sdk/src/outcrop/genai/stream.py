"""How a streamed answer arrives and ends, in words that hold for any provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

ChunkKind = Literal["text", "reasoning", "tool_input", "other"]


class EndReason(str, Enum):
    """What ended a stream."""

    EXHAUSTED = "exhausted"  # the provider sent its last byte and the caller read it
    ERROR = "error"  # an exception, on the wire or in reading
    CLOSED = "closed"  # the caller called close() or left a `with` block
    CANCELLED = "cancelled"  # the caller stopped reading (`break`, a cancelled task)
    GARBAGE_COLLECTED = "garbage_collected"  # the caller let the stream go
    PROCESS_EXIT = "process_exit"  # the program ended while the stream was open


class Outcome(str, Enum):
    """What a reader of the trace wants to know of a stream's end."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"  # the caller had a part and wanted no more; this is no error
    NOT_CONSUMED = "not_consumed"  # the caller never read from it
    ERROR = "error"


@dataclass(frozen=True)
class Chunk:
    """One event of a stream.

    Attributes:
        index: its place in the stream, from 0.
        offset_ns: arrival, counted from the start of the span.
        type: the provider's event type, such as `contentBlockDelta`.
        data: the payload as JSON; text if it was no JSON.
        size_bytes: bytes on the wire, framing included.
        kind: what `text` is.
        text: the text, reasoning or tool input that it carries, if any.
        block_index: the content block it belongs to, if it names one.
    """

    index: int
    offset_ns: int
    type: str
    data: Any
    size_bytes: int
    kind: ChunkKind = "other"
    text: str | None = None
    block_index: int | None = None


@dataclass(frozen=True)
class Stream:
    """All that arrived of a stream, and its end."""

    outcome: str
    end_reason: str
    chunks: list[Chunk]

    @property
    def time_to_first_chunk_ns(self) -> int | None:
        """Arrival of the first chunk, counted from the start of the span; None if none came."""
        return self.chunks[0].offset_ns if self.chunks else None
