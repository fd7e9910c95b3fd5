"""What another tracer's span says of itself in that tracer's own words, and Outcrop's spans by attributes.

Made by `outcrop.vocabularies`; read for columns at ingest, for prices and for `get_trace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class StatedCost:
    """US dollars as the sender worked them out; `input` and `output` where it says them apart."""

    usd: Decimal
    input: Decimal | None = None
    output: Decimal | None = None


@dataclass(frozen=True)
class Stated:
    """What a sender states beside inputs, outputs and the conversation.

    Attributes:
        vocabulary: whose words they are, such as `openinference`; several are joined by a comma.
        session_id: the conversation that the span belongs to.
        user_id: on whose behalf it ran.
        tags: trace tags by name.
        metadata: trace metadata by name.
        tool_name: the tool that the span ran, which its name need not be.
        cost: what the call cost, if the sender says so.
        time_to_first_chunk_ns: of a streamed answer, nanoseconds from the start of the span.
        is_stream: whether the answer was streamed.
    """

    vocabulary: str
    session_id: str | None = None
    user_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    tool_name: str | None = None
    cost: StatedCost | None = None
    time_to_first_chunk_ns: int | None = None
    is_stream: bool = False
