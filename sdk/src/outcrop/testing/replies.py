"""What a test or a script lets a model answer: blocks, usage, timing. Plain data, no wire format.

Written by users and handed to `BedrockEmulator.script`; the operations turn it into AWS's shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outcrop.testing.errors import Disconnect, ServiceError, StreamFailure
from outcrop.testing.recording import RecordedRequest


@dataclass(frozen=True)
class Text:
    """A block of text. A bare string in a `Reply` means the same."""

    text: str


@dataclass(frozen=True)
class Reasoning:
    """A block of the model's thinking: text with its signature, or content that the vendor hides.

    Attributes:
        text: the thinking in words.
        signature: the vendor's proof that the text is its own.
        redacted: hidden content; with it, text and signature are left out.
    """

    text: str = ""
    signature: str | None = None
    redacted: bytes | None = None


@dataclass(frozen=True)
class ToolUse:
    """A block in which the model asks for a tool.

    Attributes:
        name: the tool's name.
        input: its arguments.
        tool_use_id: the call's id; None makes a new one for each answer.
        type: `server_tool_use` for a tool that AWS runs itself.
    """

    name: str
    input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tool_use_id: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class RawBlock:
    """Any other block, as the API spells it, for example `{"image": {...}}`. Bytes become base64.

    Attributes:
        block: for Converse and Nova a content block with one member; for Anthropic's own body one of
            its blocks with a `type`. Other bodies have no such blocks and leave it out.
    """

    block: Mapping[str, Any]


Block = Text | Reasoning | ToolUse | RawBlock


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer.

    Attributes:
        input_tokens: tokens of the prompt that came neither from nor into the cache.
        output_tokens: tokens of the answer.
        cache_read: tokens read from the prompt cache; None leaves the member out.
        cache_write: tokens written to it; None leaves the member out.
        cache_details: `cacheDetails` as the API spells it: `[{"ttl": "5m", "inputTokens": 10}]`.
        total_tokens: None adds the others up, as AWS does.
    """

    input_tokens: int
    output_tokens: int
    cache_read: int | None = None
    cache_write: int | None = None
    cache_details: Sequence[Mapping[str, Any]] = ()
    total_tokens: int | None = None

    @property
    def total(self) -> int:
        """All tokens, those of the cache among them."""
        if self.total_tokens is not None:
            return self.total_tokens
        return self.input_tokens + self.output_tokens + (self.cache_read or 0) + (self.cache_write or 0)


@dataclass(frozen=True, init=False)
class Reply:
    """One answer of a model, for every operation and body dialect.

    Attributes:
        blocks: what the model says, in order.
        stop_reason: in Converse's words; None means `tool_use` if a tool is asked for, else `end_turn`.
        usage: None estimates tokens from the length of the texts.
        latency_s: seconds before the answer begins.
        first_chunk_delay_s: of a stream, seconds between the headers and the first event.
        chunk_delay_s: of a stream, seconds before each later event.
        chunk_size: of a stream, characters in a delta.
        failure: how the answer breaks, if it does.
        additional_model_response_fields: `additionalModelResponseFields` of Converse.
        trace: `trace` of Converse.
        performance_config: for example `{"latency": "optimized"}`.
        service_tier: for example `{"type": "priority"}`.
    """

    blocks: tuple[Block, ...]
    stop_reason: str | None
    usage: Usage | None
    latency_s: float
    first_chunk_delay_s: float
    chunk_delay_s: float
    chunk_size: int
    failure: StreamFailure | Disconnect | None
    additional_model_response_fields: Mapping[str, Any] | None
    trace: Mapping[str, Any] | None
    performance_config: Mapping[str, Any] | None
    service_tier: Mapping[str, Any] | None

    def __init__(
        self,
        *blocks: Block | str,
        stop_reason: str | None = None,
        usage: Usage | None = None,
        latency_s: float = 0.0,
        first_chunk_delay_s: float = 0.0,
        chunk_delay_s: float = 0.0,
        chunk_size: int = 12,
        failure: StreamFailure | Disconnect | None = None,
        additional_model_response_fields: Mapping[str, Any] | None = None,
        trace: Mapping[str, Any] | None = None,
        performance_config: Mapping[str, Any] | None = None,
        service_tier: Mapping[str, Any] | None = None,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"chunk_size is {chunk_size}; a delta holds at least one character.")
        # A frozen dataclass takes no ordinary assignment, and a generated __init__ takes no *blocks.
        put = object.__setattr__
        put(self, "blocks", tuple(Text(block) if isinstance(block, str) else block for block in blocks))
        put(self, "stop_reason", stop_reason)
        put(self, "usage", usage)
        put(self, "latency_s", latency_s)
        put(self, "first_chunk_delay_s", first_chunk_delay_s)
        put(self, "chunk_delay_s", chunk_delay_s)
        put(self, "chunk_size", chunk_size)
        put(self, "failure", failure)
        put(self, "additional_model_response_fields", additional_model_response_fields)
        put(self, "trace", trace)
        put(self, "performance_config", performance_config)
        put(self, "service_tier", service_tier)


@dataclass(frozen=True)
class RawBody:
    """The exact body of an InvokeModel answer, for vendors and shapes that the emulator does not know.

    Attributes:
        body: the body; a stream carries it in one chunk unless `chunks` are given.
        content_type: its media type.
        chunks: of a stream, the chunks' bodies.
        usage: token counts for the headers and for the stream's last frame; None leaves them out.
        latency_s: seconds before the answer begins.
    """

    body: bytes
    content_type: str = "application/json"
    chunks: tuple[bytes, ...] = ()
    usage: Usage | None = None
    latency_s: float = 0.0


@dataclass(frozen=True)
class JsonReply:
    """Members of the answer of an operation that asks no model, such as `CountTokens`.

    Attributes:
        members: as the API spells them; they stand over those of the default answer.
        latency_s: seconds before the answer begins.
    """

    members: Mapping[str, Any]
    latency_s: float = 0.0


@dataclass(frozen=True)
class GuardrailVerdict:
    """What a guardrail says in answer to `ApplyGuardrail`. Script it under the guardrail's identifier.

    Attributes:
        assessments: `assessments` as the API spells them, without `invocationMetrics`, which are added.
        outputs: texts that stand in for what was blocked or masked.
        action: `GUARDRAIL_INTERVENED` or `NONE`.
        action_reason: words of AWS; None leaves the member out.
        usage: units by their names in the API, over those that are counted from the texts.
        latency_s: seconds before the answer begins.
    """

    assessments: Sequence[Mapping[str, Any]] = ()
    outputs: Sequence[str] = ()
    action: str = "GUARDRAIL_INTERVENED"
    action_reason: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    latency_s: float = 0.0


@dataclass(frozen=True)
class AsyncOutcome:
    """How a job ends that `StartAsyncInvoke` started. Script it under the model id.

    Attributes:
        status: `Completed` or `Failed`.
        failure_message: why it failed.
        polls: how many times `GetAsyncInvoke` says `InProgress` before the end.
    """

    status: str = "Completed"
    failure_message: str | None = None
    polls: int = 1


FixedReply = (
    Reply
    | RawBody
    | JsonReply
    | GuardrailVerdict
    | AsyncOutcome
    | ServiceError
    | StreamFailure
    | Disconnect
    | str
)
ScriptedReply = FixedReply | Callable[[RecordedRequest], FixedReply]
