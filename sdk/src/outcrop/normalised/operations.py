"""The operations around the models: agents, flows, retrieval, ranking and AgentCore's tools. Pure.

Members are read as botocore's service models of bedrock-agent-runtime and bedrock-agentcore name them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text
from outcrop.normalised.kind import Kind
from outcrop.semconv import gen_ai

_MAX_INT64 = 2**63


def describe_operation(operation: str, view: SpanView) -> Kind:
    """Any operation that is no model call; one without a description keeps its name and its raw JSON."""
    reader = _READERS.get(operation)
    return Kind() if reader is None else reader(as_object(view.inputs), as_object(view.outputs), view)


def _agent(id_member: str, session_member: str) -> Callable[[JsonObject, JsonObject, SpanView], Kind]:
    def read(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:
        name = as_text(asked.get("agentName"))
        session = asked.get(session_member, answered.get(session_member))
        sent = as_text(asked.get("inputText"))
        found = {
            gen_ai.AGENT_ID: as_text(asked.get(id_member)),
            gen_ai.AGENT_NAME: name,
            gen_ai.CONVERSATION_ID: as_text(session),
            gen_ai.REQUEST_MODEL: as_text(asked.get("foundationModel")),
        }
        # An identifier is no name: without one the conventions name the span by its operation alone.
        return Kind(
            gen_ai.OPERATION_INVOKE_AGENT,
            name,
            attributes=_known(found),
            sent=sent,
            answered=_streamed_words(view) if sent is not None else None,
            has_content_place=sent is not None,
        )

    return read


def _flow(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # one form for all
    name = as_text(asked.get("flowIdentifier"))
    execution = as_text(asked.get("executionId")) or as_text(answered.get("executionId"))
    found = {gen_ai.WORKFLOW_NAME: name, gen_ai.CONVERSATION_ID: execution}
    return Kind(gen_ai.OPERATION_INVOKE_WORKFLOW, name, attributes=_known(found))


def _retrieve(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    base = as_text(asked.get("knowledgeBaseId"))
    settings = as_object(as_object(asked.get("retrievalConfiguration")).get("vectorSearchConfiguration"))
    found = {
        gen_ai.DATA_SOURCE_ID: base,
        gen_ai.KNOWLEDGE_BASE_ID: base,
        gen_ai.RETRIEVAL_QUERY_TEXT: as_text(as_object(asked.get("retrievalQuery")).get("text")),
        gen_ai.REQUEST_TOP_K: _count(settings.get("numberOfResults")),
    }
    documents = [_document(as_object(each)) for each in as_list(answered.get("retrievalResults"))]
    place = gen_ai.RETRIEVAL_QUERY_TEXT in _known(found)
    return Kind(
        gen_ai.OPERATION_RETRIEVAL,
        base,
        attributes=_known(found),
        documents=documents,
        has_content_place=place,
    )


def _agentic_retrieve(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    return Kind(gen_ai.OPERATION_RETRIEVAL)


def _retrieve_and_generate(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    config = as_object(asked.get("retrieveAndGenerateConfiguration"))
    base = as_object(config.get("knowledgeBaseConfiguration"))
    external = as_object(config.get("externalSourcesConfiguration"))
    found = {
        gen_ai.KNOWLEDGE_BASE_ID: as_text(base.get("knowledgeBaseId")),
        gen_ai.DATA_SOURCE_ID: as_text(base.get("knowledgeBaseId")),
        gen_ai.REQUEST_MODEL: as_text(base.get("modelArn")) or as_text(external.get("modelArn")),
        gen_ai.CONVERSATION_ID: as_text(asked.get("sessionId")) or as_text(answered.get("sessionId")),
    }
    return Kind(attributes=_known(found))


def _rerank(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    config = as_object(as_object(asked.get("rerankingConfiguration")).get("bedrockRerankingConfiguration"))
    model = as_text(as_object(config.get("modelConfiguration")).get("modelArn"))
    queries = [as_object(as_object(query).get("textQuery")) for query in as_list(asked.get("queries"))]
    found = {
        gen_ai.REQUEST_MODEL: model,
        gen_ai.RETRIEVAL_QUERY_TEXT: next(filter(None, (as_text(q.get("text")) for q in queries)), None),
        gen_ai.REQUEST_TOP_K: _count(config.get("numberOfResults")),
    }
    results = map(as_object, as_list(answered.get("results")))
    documents: list[JsonObject] = [
        {"id": str(result.get("index")), "score": _score(result.get("relevanceScore"))} for result in results
    ]
    return Kind(gen_ai.OPERATION_RERANK, model, attributes=_known(found), documents=documents)


def _code(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    return _tool(as_text(asked.get("name")), asked.get("arguments"), answered)


def _browser(asked: JsonObject, answered: JsonObject, view: SpanView) -> Kind:  # noqa: ARG001  # as above
    action = as_object(asked.get("action"))
    return _tool(next(iter(action), None), action, answered.get("result"))


def _tool(name: str | None, arguments: Any, result: Any) -> Kind:
    # "extension": the conventions' word for a tool that runs on the provider's side.
    found = {gen_ai.TOOL_NAME: name, gen_ai.TOOL_TYPE: "extension"}
    return Kind(
        gen_ai.OPERATION_EXECUTE_TOOL,
        name,
        attributes=_known(found),
        call=(arguments, result or None),
        has_content_place=True,
    )


_READERS: dict[str, Callable[[JsonObject, JsonObject, SpanView], Kind]] = {
    "InvokeAgent": _agent("agentId", "sessionId"),
    "InvokeInlineAgent": _agent("agentId", "sessionId"),
    "InvokeAgentRuntime": _agent("agentRuntimeArn", "runtimeSessionId"),
    "InvokeHarness": _agent("harnessArn", "runtimeSessionId"),
    "InvokeFlow": _flow,
    "Retrieve": _retrieve,
    "AgenticRetrieveStream": _agentic_retrieve,
    "RetrieveAndGenerate": _retrieve_and_generate,
    "RetrieveAndGenerateStream": _retrieve_and_generate,
    "Rerank": _rerank,
    "InvokeCodeInterpreter": _code,
    "InvokeBrowser": _browser,
}


def _streamed_words(view: SpanView) -> str | None:
    if view.stream is None:
        return None
    words = [chunk.text for chunk in view.stream.chunks if chunk.kind == "text" and chunk.text]
    return "".join(words) or None


def _document(result: JsonObject) -> JsonObject:
    found = {
        "id": as_text(result.get("documentId")) or _place(as_object(result.get("location"))),
        "score": _score(result.get("score")),
        "content": as_text(as_object(result.get("content")).get("text")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _place(location: JsonObject) -> str | None:
    """Where a document lies: `s3Location.uri`, `webLocation.url`, `customDocumentLocation.id` and others."""
    for member in location.values():
        found = as_object(member)
        words = (as_text(found.get(name)) for name in ("uri", "url", "id", "query"))
        place = next(filter(None, words), None)
        if place is not None:
            return place
    return None


def _score(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _MAX_INT64 else None


def _count(value: Any) -> int | None:
    count = as_int(value)
    return count if count is not None and abs(count) < _MAX_INT64 else None


def _known(found: JsonObject) -> JsonObject:
    return {name: value for name, value in found.items() if value is not None}
