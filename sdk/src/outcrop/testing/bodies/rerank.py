"""Cohere Rerank's body (and Amazon Rerank's, which AWS does not document): documents scored for a query.

https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-use.html, https://docs.cohere.com/reference/rerank
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask, characters
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.json_values import JsonObject, as_list, as_text, to_json


def _read(body: JsonObject) -> Ask:
    query = as_text(body.get("query"))
    return Ask(last_user_text=query, prompt_characters=characters([query, body.get("documents")]))


def _write(_: Answer, body: JsonObject) -> JsonObject:
    """Scores by shared words, so that tests can foresee the order."""
    words = set(as_text(body.get("query")).lower().split())
    documents = as_list(body.get("documents"))
    scores = [_score(words, to_json(document).decode().lower()) for document in documents]
    order = sorted(range(len(documents)), key=lambda at: -scores[at])
    asked = body.get("top_n")
    top = order[:asked] if isinstance(asked, int) and asked > 0 else order
    return {"results": [{"index": at, "relevance_score": scores[at]} for at in top]}


def _score(words: set[str], document: str) -> float:
    return round(sum(word in document for word in words) / max(1, len(words)), 4)


DIALECT = Dialect(("query", "documents"), _read, _write, None, has_output_tokens=False)
