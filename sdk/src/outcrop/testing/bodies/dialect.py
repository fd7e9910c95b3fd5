"""What a body dialect is to InvokeModel: how a vendor's request is read and its answer written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.json_values import JsonObject


@dataclass(frozen=True)
class Dialect:
    """One vendor's body.

    Attributes:
        required: members without which AWS refuses a request.
        read: what a request asks.
        write: the body of a whole answer; the request is at hand where it decides the shape.
        stream: the bodies of a stream's chunks, made one by one; None if the model cannot stream.
        has_output_tokens: whether an answer has tokens to count; a vector has none.
    """

    required: tuple[str, ...]
    read: Callable[[JsonObject], Ask]
    write: Callable[[Answer, JsonObject], JsonObject]
    stream: Callable[[Answer, JsonObject], Iterator[JsonObject]] | None
    has_output_tokens: bool = True
