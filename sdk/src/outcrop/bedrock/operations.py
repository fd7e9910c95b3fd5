"""What is traced, and what each operation means in the GenAI conventions.

How an operation travels (which arguments are in the body, which member streams) is read from botocore's
own service model, so an operation that botocore adds tomorrow is traced with its raw input and output.
Only names and kinds stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from outcrop.semconv import gen_ai
from outcrop.semconv.span_types import SpanType

# Services whose calls are model calls or stand around them.
SERVICES = frozenset({"bedrock-runtime", "bedrock-agent-runtime", "bedrock-agentcore"})

_MODEL = "modelId"

# Locations of arguments that the request body does not hold (botocore's rest-json serialiser).
_OUTSIDE_BODY = frozenset({"uri", "querystring", "header", "headers"})
_OUTSIDE_RESPONSE_BODY = frozenset({"header", "headers", "statusCode"})


@dataclass(frozen=True, eq=False)  # one object a meaning, so that it hashes at once
class Meaning:
    """What an operation is: the conventions' operation name, a span type, and what it is asked about.

    Attributes:
        genai_operation: the conventions' name; None where they have none.
        span_type: a value of `outcrop.entities.SpanType`.
        subject: the argument that names what is asked, such as `modelId`; None if none does.
    """

    genai_operation: str | None
    span_type: str
    subject: str | None = None


_CHAT = Meaning(gen_ai.OPERATION_CHAT, SpanType.CHAT_MODEL, _MODEL)
_INVOKE = Meaning(gen_ai.OPERATION_CHAT, SpanType.LLM, _MODEL)
_AGENT = gen_ai.OPERATION_INVOKE_AGENT
_RETRIEVAL = gen_ai.OPERATION_RETRIEVAL

MEANINGS: dict[str, Meaning] = {
    "Converse": _CHAT,
    "ConverseStream": _CHAT,
    "InvokeModel": _INVOKE,
    "InvokeModelWithResponseStream": _INVOKE,
    "StartAsyncInvoke": Meaning(gen_ai.OPERATION_GENERATE_CONTENT, SpanType.LLM, _MODEL),
    "GetAsyncInvoke": Meaning(None, SpanType.TASK),
    "ListAsyncInvokes": Meaning(None, SpanType.TASK),
    "CountTokens": Meaning(None, SpanType.TASK, _MODEL),
    "ApplyGuardrail": Meaning(None, SpanType.GUARDRAIL, "guardrailIdentifier"),
    "InvokeGuardrailChecks": Meaning(None, SpanType.GUARDRAIL),
    "InvokeAgent": Meaning(_AGENT, SpanType.AGENT, "agentId"),
    "InvokeInlineAgent": Meaning(_AGENT, SpanType.AGENT, "agentName"),
    "InvokeFlow": Meaning(gen_ai.OPERATION_INVOKE_WORKFLOW, SpanType.WORKFLOW, "flowIdentifier"),
    "Retrieve": Meaning(_RETRIEVAL, SpanType.RETRIEVER, "knowledgeBaseId"),
    "RetrieveAndGenerate": Meaning(None, SpanType.CHAIN),
    "RetrieveAndGenerateStream": Meaning(None, SpanType.CHAIN),
    "AgenticRetrieveStream": Meaning(_RETRIEVAL, SpanType.RETRIEVER),
    "Rerank": Meaning(None, SpanType.RERANKER),
    "GenerateQuery": Meaning(None, SpanType.CHAIN),
    "OptimizePrompt": Meaning(None, SpanType.CHAIN, "targetModelId"),
    "InvokeAgentRuntime": Meaning(_AGENT, SpanType.AGENT, "agentRuntimeArn"),
    "InvokeHarness": Meaning(_AGENT, SpanType.AGENT, "harnessArn"),
    "InvokeCodeInterpreter": Meaning(
        gen_ai.OPERATION_EXECUTE_TOOL, SpanType.TOOL, "codeInterpreterIdentifier"
    ),
    "InvokeBrowser": Meaning(gen_ai.OPERATION_EXECUTE_TOOL, SpanType.TOOL, "browserIdentifier"),
}
_PLAIN = Meaning(None, SpanType.TASK)

# Parts of a model id that tell embedding and ranking models from those that talk.
_EMBEDDING, _RERANKING = "embed", "rerank"


@dataclass(frozen=True, eq=False)  # as above
class Operation:
    """An operation, as the instrumentation needs it.

    Attributes:
        service: botocore's service name.
        name: botocore's operation name.
        meaning: what it is, as far as its name tells.
        subject: the argument that names what is asked; None if none does.
        is_stream: whether the answer comes as an event stream.
        request_member: the argument that is the whole request body (a blob or a structure); None where
            the body is JSON of all arguments that are not outside it.
        outside_body: arguments that travel in the address or in headers, but for `modelId`.
        outside_names: the same, to ask whether a call gives any; few do.
        has_model_outside: whether `modelId` is such an argument.
        head_members: plain members of the answer that travel in its headers or status.
        response_member: the member of the answer that streams, or is a body to be read; None for
            answers that are whole when the call returns.
        body_member: the member that an answer's body is, if it is one alone; None otherwise.
    """

    service: str
    name: str
    meaning: Meaning
    subject: str | None
    is_stream: bool
    request_member: str | None
    outside_body: tuple[str, ...]
    outside_names: frozenset[str]
    has_model_outside: bool
    head_members: tuple[str, ...]
    response_member: str | None
    body_member: str | None


def describe(model: Any) -> Operation:
    """Reads botocore's OperationModel, once an operation and client class."""
    request, response = model.input_shape, model.output_shape
    inputs: dict[str, Any] = {} if request is None else request.members
    streams = bool(model.has_event_stream_output)
    response_member = body_member = None
    meaning = MEANINGS.get(model.name, _PLAIN)
    if response is not None:
        body_member = response.serialization.get("payload")
        if streams:
            found = (n for n, member in response.members.items() if member.serialization.get("eventstream"))
            response_member = next(found, body_member)
        elif model.has_streaming_output:
            response_member = body_member
    outside = [
        name for name, member in inputs.items() if member.serialization.get("location") in _OUTSIDE_BODY
    ]
    outside_body = tuple(name for name in outside if name != _MODEL)
    return Operation(
        service=model.service_model.service_name,
        name=model.name,
        meaning=meaning,
        subject=meaning.subject,
        is_stream=streams,
        request_member=None if request is None else request.serialization.get("payload"),
        outside_body=outside_body,
        outside_names=frozenset(outside_body),
        has_model_outside=_MODEL in outside,
        head_members=_head_members(response),
        response_member=response_member,
        body_member=body_member,
    )


def _head_members(response: Any) -> tuple[str, ...]:
    members: dict[str, Any] = {} if response is None else response.members
    return tuple(
        name
        for name, member in members.items()
        if member.serialization.get("location") in _OUTSIDE_RESPONSE_BODY and member.type_name != "map"
    )


@lru_cache(maxsize=512)
def named(operation: Operation, subject: str | None) -> tuple[Meaning, str]:
    """What a call is and the name of its span, now that what it asks is known."""
    meaning = operation.meaning
    if subject is None:
        return meaning, meaning.genai_operation or operation.name
    if meaning is _INVOKE:
        # Embedding and ranking models do not chat.
        if _RERANKING in subject:
            meaning = _INVOKE_RERANKER
        elif _EMBEDDING in subject:
            meaning = _INVOKE_EMBEDDING
    return meaning, f"{meaning.genai_operation or operation.name} {subject}"


_INVOKE_EMBEDDING = Meaning(gen_ai.OPERATION_EMBEDDINGS, SpanType.EMBEDDING, _MODEL)
_INVOKE_RERANKER = Meaning(None, SpanType.RERANKER, _MODEL)
