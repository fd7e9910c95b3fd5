"""Cohere Rerank and Amazon Rerank through InvokeModel: a query and documents in, scores out.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-use.html, which sends readers to
https://docs.cohere.com/reference/rerank for the model's own fields. AWS documents no body of Amazon Rerank
for InvokeModel; it is read as Cohere's, and also with the score's name in the Rerank operation.
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec
from outcrop.genai.messages import preview, text_part
from outcrop.genai.retrieval import RankedItem, Ranking
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

# Beyond any score; a whole number of JSON may be too large for a float.
_LARGEST_SCORE = 2**53


class RerankCodec(WholeAnswerCodec):
    """Both makers' rankings."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By its shape, which no chat has."""
        return clues.vendor in {"cohere", "amazon"} and self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By a query and documents."""
        return isinstance(clues.request.get("query"), str) and isinstance(
            clues.request.get("documents"), list
        )

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        documents = as_list(request.get("documents"))
        items = [_read_item(as_object(result), documents) for result in as_list(response.get("results"))]
        ranking = Ranking(as_text(request.get("query")), tuple(items), len(documents))
        return BodyRead(ranking=ranking)


def _read_item(result: JsonObject, documents: list[Any]) -> RankedItem:
    index = as_int(result.get("index"))
    score = result.get("relevance_score", result.get("relevanceScore"))
    document = result.get("document")
    if document is None and index is not None and 0 <= index < len(documents):
        document = documents[index]
    return RankedItem(index, _number(score), _words(document))


def _number(score: Any) -> float | None:
    """A score; whole numbers that no float can hold are none."""
    if isinstance(score, bool) or not isinstance(score, int | float):
        return None
    return float(score) if abs(score) < _LARGEST_SCORE else None


def _words(document: Any) -> str | None:
    """The first words of a document, which may be text, an object with a text, or any object."""
    text = as_text(document) or as_text(as_object(document).get("text"))
    if text is None and document:
        text = json.dumps(document, ensure_ascii=False)
    return preview([text_part(text)]) if text else None
