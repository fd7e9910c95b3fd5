"""Encoded spans in the form for other back ends: what the delivery thread calls before it makes a batch.

A span is encoded once for an Outcrop server; here it is read again, normalised and encoded anew, which costs
time only where the destination is another back end, and off the program's thread.
"""

from __future__ import annotations

from outcrop.capture.faults import report_fault
from outcrop.delivery.otlp_decode import decode_span
from outcrop.normalised.span import normalise
from outcrop.otlp.encode import encode_span
from outcrop.otlp.records import EncodedSpan


def normalise_encoded(
    span: EncodedSpan, *, keeps_exchange: bool = False, adds_chunk_events: bool = False
) -> EncodedSpan:
    """Decodes a span of this process, normalises and encodes it; never raises.

    What was put off (`EncodedSpan.later`) is asked for, so this may wait for a network.

    Args:
        span: a finished span.
        keeps_exchange: see `outcrop.normalised.span.normalise`.
        adds_chunk_events: likewise.

    Returns:
        The span to send; as it was, if it cannot be decoded, which is reported.
    """
    try:
        record = decode_span(span)
        return encode_span(
            normalise(record, keeps_exchange=keeps_exchange, adds_chunk_events=adds_chunk_events)
        )
    except Exception as error:  # noqa: BLE001  # the other spans of the batch must go out
        report_fault("encoding a span for another back end", error)
        return span
