"""The way in, whatever brought the bytes: OTLP bytes are read, made rows, and handed to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.ingest.rows import new_span
from outcrop_server.otlp.parse import parse_export

if TYPE_CHECKING:
    from concurrent.futures import Future

    from outcrop_server.model.reading import PriceSpan, ReadSpan
    from outcrop_server.storage.api import TraceStore


class Pipeline:
    """Takes in OTLP requests.

    Args:
        store: where spans are kept.
        read_span: reads a span's attributes into a view; see `outcrop.views`.
        price_span: says what a call cost; see `outcrop.pricing`.
    """

    def __init__(self, store: TraceStore, read_span: ReadSpan, price_span: PriceSpan) -> None:
        self._store = store
        self._read_span = read_span
        self._price_span = price_span

    def accept(self, body: bytes, experiment: str | None = None) -> Future[int]:
        """Reads a request in the calling thread.

        Args:
            body: an OTLP `ExportTraceServiceRequest`, uncompressed protobuf.
            experiment: where spans belong that name no experiment themselves.

        Returns:
            Done when all spans are durable; gives how many were new.

        Raises:
            BadRequestError: the body is no such request, or a span in it is wrong; nothing is kept.
            UnavailableError: the store takes nothing now.
        """
        parsed = parse_export(body)
        return self._store.append(
            [
                new_span(record, payload, experiment, self._read_span, self._price_span)
                for record, payload in parsed
            ]
        )
