"""What a span is in the conventions' words: its operation, its name's subject, and where its content goes.

Model calls are described here; the operations around them in `operations`, the user's own functions in
`functions`. Plain data and pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.semconv.span_types import SpanType


@dataclass(frozen=True)
class Kind:
    """A span, described.

    Attributes:
        operation: the conventions' operation name; None where they have none.
        subject: what the span is named after beside it; None leaves the operation alone.
        is_renamed: whether operation and subject make the span's name; else it keeps its own.
        attributes: further attributes.
        sent: the words that were sent, for an operation that speaks without a model's messages.
        answered: the words that came back, likewise.
        documents: what was found or ranked, best first.
        call: arguments and result of a tool; None for what is none.
        has_content_place: whether the conventions have attributes for all its content, so that nothing
            is left for `input.value` and `output.value`.
    """

    operation: str | None = None
    subject: str | None = None
    is_renamed: bool = True
    attributes: JsonObject = field(default_factory=dict[str, Any])
    sent: str | None = None
    answered: str | None = None
    documents: list[JsonObject] = field(default_factory=list[JsonObject])
    call: tuple[Any, Any] | None = None
    has_content_place: bool = False

    def name(self, own: str) -> str:
        """The span's name; `own` is what it is called without the conventions."""
        if self.operation is None or not self.is_renamed:
            return own
        return f"{self.operation} {self.subject}" if self.subject else self.operation


def model_call(view: SpanView, attributes: Mapping[str, Any], output_type: str | None) -> Kind:
    """A call of a model. What its body is decides: an ARN hides from the call that it embeds or ranks."""
    operation = as_text(attributes.get(gen_ai.OPERATION_NAME))
    if view.embedding is not None or view.span_type == SpanType.EMBEDDING:
        return Kind(gen_ai.OPERATION_EMBEDDINGS, view.request_model)
    if view.ranking is not None or view.span_type == SpanType.RERANKER:
        return _ranking(view)
    if output_type == "image":
        operation = gen_ai.OPERATION_GENERATE_CONTENT
    return Kind(operation, view.request_model, has_content_place=view.chat is not None)


def _ranking(view: SpanView) -> Kind:
    ranking = view.ranking
    if ranking is None:
        return Kind(gen_ai.OPERATION_RERANK, view.request_model)
    documents: list[JsonObject] = [
        {"id": str(item.index), "score": item.score, "content": item.text} for item in ranking.items
    ]
    query = {gen_ai.RETRIEVAL_QUERY_TEXT: ranking.query} if ranking.query is not None else {}
    return Kind(gen_ai.OPERATION_RERANK, view.request_model, attributes=query, documents=documents)


def is_model_call(attributes: Mapping[str, Any]) -> bool:
    """Whether a Bedrock operation asks a model with the model's own body or messages."""
    operation = as_text(attributes.get(names.AWS_OPERATION)) or ""
    return operation.startswith(("Converse", "InvokeModel")) or operation == "StartAsyncInvoke"
