"""Spans of the user's own functions: tools, agents, workflows, and what has no word in the conventions."""

from __future__ import annotations

from outcrop.genai.view import SpanView
from outcrop.json_reading import as_object
from outcrop.normalised.kind import Kind
from outcrop.semconv import gen_ai
from outcrop.semconv.span_types import SpanType

# Kinds whose spans keep the names that the user gave them: the conventions name these by a model or a data
# source, which a function does not tell.
_OPERATIONS = {
    SpanType.CHAT_MODEL: gen_ai.OPERATION_CHAT,
    SpanType.LLM: gen_ai.OPERATION_CHAT,
    SpanType.EMBEDDING: gen_ai.OPERATION_EMBEDDINGS,
    SpanType.RETRIEVER: gen_ai.OPERATION_RETRIEVAL,
    SpanType.RERANKER: gen_ai.OPERATION_RERANK,
}


def describe_function(name: str, view: SpanView) -> Kind:
    """A function's span; `name` is what the user calls it."""
    if view.span_type == SpanType.TOOL:
        return Kind(
            gen_ai.OPERATION_EXECUTE_TOOL,
            name,
            attributes={gen_ai.TOOL_NAME: name, gen_ai.TOOL_TYPE: "function"},
            call=(view.inputs, view.outputs),
            has_content_place=True,
        )
    if view.span_type == SpanType.AGENT:
        return _agent(name, view)
    if view.span_type == SpanType.WORKFLOW:
        found = {gen_ai.WORKFLOW_NAME: name}
        return Kind(gen_ai.OPERATION_INVOKE_WORKFLOW, name, attributes=found)
    return Kind(_OPERATIONS.get(view.span_type), is_renamed=False)


def _agent(name: str, view: SpanView) -> Kind:
    """An agent that takes one text and gives one text speaks in messages; any other in JSON."""
    attributes = {gen_ai.AGENT_NAME: name}
    members = as_object(view.inputs)
    asked = next(iter(members.values())) if len(members) == 1 else view.inputs
    if not isinstance(asked, str) or not isinstance(view.outputs, str | None):
        return Kind(gen_ai.OPERATION_INVOKE_AGENT, name, attributes=attributes)
    return Kind(
        gen_ai.OPERATION_INVOKE_AGENT,
        name,
        attributes=attributes,
        sent=asked,
        answered=view.outputs,
        has_content_place=True,
    )
