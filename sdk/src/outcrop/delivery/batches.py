"""Spans that go out together: one OTLP request, neither too large nor of too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from outcrop.delivery.otlp_decode import single_span_requests
from outcrop.otlp.encode import encode_request
from outcrop.otlp.records import EncodedSpan

MAX_SPANS = 512
# What a server takes in one request is more, but a smaller one is lost or sent again with less.
MAX_BYTES = 4 << 20


class Batch(NamedTuple):
    """The exact body of an OTLP request, and how many spans it holds."""

    body: bytes
    spans: int


def batches(spans: Iterable[EncodedSpan], resource: Mapping[str, Any]) -> Iterator[Batch]:
    """Puts spans into requests, in their order; a span that is larger than a batch goes alone."""
    gathered: list[EncodedSpan] = []
    size = 0
    for span in spans:
        if gathered and (len(gathered) >= MAX_SPANS or size + span.size > MAX_BYTES):
            yield Batch(encode_request(gathered, resource), len(gathered))
            gathered, size = [], 0
        gathered.append(span)
        size += span.size
    if gathered:
        yield Batch(encode_request(gathered, resource), len(gathered))


def halves(batch: Batch) -> list[Batch]:
    """A batch in two, to find the span that the endpoint refuses; one of a single span stays whole.

    Raises:
        ValueError: its bytes cannot be read, so that they cannot be divided either.
    """
    singles = single_span_requests(batch.body)
    if len(singles) < 2:  # noqa: PLR2004  # one span is no two
        return [batch]
    middle = len(singles) // 2
    # Requests one after the other are one request: so protobuf has it.
    return [Batch(b"".join(part), len(part)) for part in (singles[:middle], singles[middle:])]
