"""What a reader sees of one span, whoever sent it. Made by `outcrop.views.read_span`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outcrop.genai.messages import Chat
from outcrop.genai.retrieval import Embedding, Ranking
from outcrop.genai.stated import Stated
from outcrop.genai.stream import Stream
from outcrop.genai.usage import Usage
from outcrop.semconv.span_types import SpanType

_SUMS = frozenset({SpanType.AGENT, SpanType.CHAIN, SpanType.WORKFLOW, SpanType.TASK})


def _nothing() -> dict[str, Any]:
    return {}


@dataclass(slots=True)  # frozen, making it would take three times as long, and one is made a span
class SpanView:
    """A span's payload, read.

    Attributes:
        span_type: a value of `outcrop.entities.SpanType`.
        inputs: what went in, as JSON; for a Bedrock call its arguments.
        outputs: what came out, as JSON; for a stream the merged answer in the plain call's shape.
        chat: the same as a conversation; None for spans that are none.
        stream: how a streamed answer came; None for others.
        usage: tokens; None for spans that are no model call.
        request_model: the model as it was asked for.
        response_model: the model that answered, where the answer says so.
        finish_reason: why the model stopped, in the provider's word.
        tool_calls: names of the tools that the answer asks for, in order.
        attempts: HTTP attempts that the call took; 0 if unknown.
        request_preview: the first words of the newest input, as one line of text.
        response_preview: the first words of the answer, as one line of text.
        problem: why the payload could not be read as expected; None if it could.
        provider: who was asked, in the conventions' word, such as `aws.bedrock`; None if nobody said.
        vendor: who made the model, such as `anthropic`; None where the model's id hides it.
        model_family: such as `claude`; None likewise.
        model_region_group: `us`, `eu`, `apac`, `global`, ... of an inference profile; None otherwise.
        model_arn_kind: what the requested ARN is, such as `application-inference-profile`; None for plain
            ids.
        service_tier: such as `priority` or `flex`, if the call ran in one; `optimized` for Bedrock's
            latency-optimized inference; None for the standard one.
        request_attributes: inference parameters under the conventions' names.
        embedding: the call of an embedding model; None for others.
        ranking: the call of a ranking model; None for others.
        stated: what another tracer says beside all this; None for spans of Outcrop's own.
    """

    span_type: str
    inputs: Any = None
    outputs: Any = None
    chat: Chat | None = None
    stream: Stream | None = None
    usage: Usage | None = None
    request_model: str | None = None
    response_model: str | None = None
    finish_reason: str | None = None
    tool_calls: tuple[str, ...] = ()
    attempts: int = 0
    request_preview: str | None = None
    response_preview: str | None = None
    problem: str | None = None
    provider: str | None = None
    vendor: str | None = None
    model_family: str | None = None
    model_region_group: str | None = None
    model_arn_kind: str | None = None
    service_tier: str | None = None
    request_attributes: Mapping[str, Any] = field(default_factory=_nothing)
    embedding: Embedding | None = None
    ranking: Ranking | None = None
    stated: Stated | None = None

    @property
    def own_usage(self) -> Usage | None:
        """What the span itself adds to its trace: other tracers' agents and chains sum up the calls below."""
        return None if self.stated is not None and self.span_type in _SUMS else self.usage
