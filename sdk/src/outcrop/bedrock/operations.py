"""The table of traced operations, keyed by botocore's service and operation names."""

from __future__ import annotations

from dataclasses import dataclass

from outcrop.entities import SpanType
from outcrop.semconv import gen_ai


@dataclass(frozen=True)
class Operation:
    """What the instrumentation must know of an operation before it is called.

    Attributes:
        name: botocore's operation name.
        genai_operation: the GenAI conventions' name of what it does.
        span_type: the kind of span it makes.
        is_stream: whether the answer comes as an event stream.
        body_argument: the argument that is the request body itself; None where the body is JSON of
            the arguments that are not named in `outside_body`.
        outside_body: arguments that travel in the address or in headers.
        answer_body: the member of the answer that is a stream or a body to be read.
    """

    name: str
    genai_operation: str
    span_type: str
    is_stream: bool = False
    body_argument: str | None = None
    outside_body: tuple[str, ...] = ("modelId",)
    answer_body: str | None = None


_INVOKE_ARGUMENTS = (
    "modelId",
    "contentType",
    "accept",
    "trace",
    "guardrailIdentifier",
    "guardrailVersion",
    "performanceConfigLatency",
    "serviceTier",
)

_OPERATIONS = (
    Operation("Converse", gen_ai.OPERATION_CHAT, SpanType.CHAT_MODEL),
    Operation(
        "ConverseStream", gen_ai.OPERATION_CHAT, SpanType.CHAT_MODEL, is_stream=True, answer_body="stream"
    ),
    Operation(
        "InvokeModel",
        gen_ai.OPERATION_CHAT,
        SpanType.LLM,
        body_argument="body",
        outside_body=_INVOKE_ARGUMENTS,
        answer_body="body",
    ),
    Operation(
        "InvokeModelWithResponseStream",
        gen_ai.OPERATION_CHAT,
        SpanType.LLM,
        is_stream=True,
        body_argument="body",
        outside_body=_INVOKE_ARGUMENTS,
        answer_body="body",
    ),
)

SERVICE = "bedrock-runtime"
OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _OPERATIONS}
