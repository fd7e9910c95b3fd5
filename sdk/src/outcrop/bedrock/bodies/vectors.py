"""Counts vectors as the embedding families give them: one, a list, by number type, or in objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outcrop.genai.messages import Part
from outcrop.genai.retrieval import Embedding, input_line
from outcrop.json_reading import as_list, as_object

# Cohere packs eight bits into a number in these types.
_PACKED = frozenset({"binary", "ubinary"})
_BITS = 8


def describe_vectors(inputs: Sequence[Sequence[Part]], vectors: list[Any], types: Sequence[str]) -> Embedding:
    """An embedding call by its inputs and its vectors (lists of numbers, or base64 texts)."""
    sizes = [len(as_list(vector)) for vector in vectors]
    dimensions = sizes[0] if sizes and sizes[0] else None
    return Embedding(tuple(map(input_line, inputs)), len(vectors), dimensions, tuple(types))


def describe_vectors_by_type(inputs: Sequence[Sequence[Part]], by_type: Any) -> Embedding:
    """An embedding call whose answer has a list of vectors for each number type."""
    lists = {name: as_list(vectors) for name, vectors in as_object(by_type).items()}
    # Bits are packed, so another type tells the size, if there is one.
    ordered = sorted(lists, key=lambda name: name in _PACKED)
    first = ordered[0] if ordered else ""
    described = describe_vectors(inputs, lists.get(first, []), list(lists))
    if first not in _PACKED or described.dimensions is None:
        return described
    return Embedding(described.inputs, described.count, described.dimensions * _BITS, described.types)
