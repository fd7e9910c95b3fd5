"""What is traced, and what each operation means in the GenAI conventions.

How an operation travels (which arguments are in the body, which member streams) is read from botocore's
own service model, so an operation that botocore adds tomorrow is traced with its raw input and output.
Only names and kinds stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outcrop.entities import SpanType
from outcrop.semconv import gen_ai

# Services whose calls are model calls or stand around them.
SERVICES = frozenset({"bedrock-runtime", "bedrock-agent-runtime", "bedrock-agentcore"})

# Locations of arguments that the request body does not hold (botocore's rest-json serialiser).
_OUTSIDE_BODY = frozenset({"uri", "querystring", "header", "headers"})


@dataclass(frozen=True)
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


_CHAT = Meaning(gen_ai.OPERATION_CHAT, SpanType.CHAT_MODEL, "modelId")
_INVOKE = Meaning(gen_ai.OPERATION_CHAT, SpanType.LLM, "modelId")
_AGENT = gen_ai.OPERATION_INVOKE_AGENT
_RETRIEVAL = gen_ai.OPERATION_RETRIEVAL

MEANINGS: dict[str, Meaning] = {
    "Converse": _CHAT,
    "ConverseStream": _CHAT,
    "InvokeModel": _INVOKE,
    "InvokeModelWithResponseStream": _INVOKE,
    "StartAsyncInvoke": Meaning(gen_ai.OPERATION_GENERATE_CONTENT, SpanType.LLM, "modelId"),
    "GetAsyncInvoke": Meaning(None, SpanType.TASK),
    "ListAsyncInvokes": Meaning(None, SpanType.TASK),
    "CountTokens": Meaning(None, SpanType.TASK, "modelId"),
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


@dataclass(frozen=True)
class Operation:
    """An operation, as the instrumentation needs it.

    Attributes:
        service: botocore's service name.
        name: botocore's operation name.
        meaning: what it is.
        is_stream: whether the answer comes as an event stream.
        request_member: the argument that is the whole request body (a blob or a structure); None where
            the body is JSON of all arguments that are not outside it.
        outside_body: arguments that travel in the address or in headers.
        response_member: the member of the answer that streams, or is a body to be read; None for
            answers that are whole when the call returns.
        body_member: the member that an answer's body is, if it is one alone; None otherwise.
    """

    service: str
    name: str
    meaning: Meaning
    is_stream: bool
    request_member: str | None
    outside_body: tuple[str, ...]
    response_member: str | None
    body_member: str | None


def describe(model: Any) -> Operation:
    """Reads botocore's OperationModel, once an operation and client class."""
    request, response = model.input_shape, model.output_shape
    inputs: dict[str, Any] = {} if request is None else request.members
    streams = bool(model.has_event_stream_output)
    response_member = body_member = None
    if response is not None:
        body_member = response.serialization.get("payload")
        if streams:
            found = (n for n, member in response.members.items() if member.serialization.get("eventstream"))
            response_member = next(found, body_member)
        elif model.has_streaming_output:
            response_member = body_member
    return Operation(
        service=model.service_model.service_name,
        name=model.name,
        meaning=MEANINGS.get(model.name, _PLAIN),
        is_stream=streams,
        request_member=None if request is None else request.serialization.get("payload"),
        outside_body=tuple(
            name for name, member in inputs.items() if member.serialization.get("location") in _OUTSIDE_BODY
        ),
        response_member=response_member,
        body_member=body_member,
    )


def meaning_for(meaning: Meaning, subject: str) -> Meaning:
    """What a model call is, now that its model is known: embedding and ranking models do not chat."""
    if meaning is not _INVOKE:
        return meaning
    if _RERANKING in subject:
        return _INVOKE_RERANKER
    return _INVOKE_EMBEDDING if _EMBEDDING in subject else meaning


_INVOKE_EMBEDDING = Meaning(gen_ai.OPERATION_EMBEDDINGS, SpanType.EMBEDDING, "modelId")
_INVOKE_RERANKER = Meaning(None, SpanType.RERANKER, "modelId")
