"""Takes in a whole request, whichever protocol brought it: within a budget, read in threads, then durable.

OTLP over HTTP and over gRPC share one of these, so that both together stay within what one may take.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from outcrop_server.ingest.budget import Budget
from outcrop_server.ingest.pipeline import said
from outcrop_server.model.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from outcrop_server.ingest.budget import Reading
    from outcrop_server.ingest.pipeline import Pipeline

# Reading is CPU under one interpreter lock: a second thread uses what compression leaves free.
_READING_THREADS = 2


class Intake:
    """Holds what is in work.

    Args:
        pipeline: what takes requests in.
        max_body_bytes: largest body, before and after decompression.
        max_waiting_bytes: most bytes of bodies in work at once.

    Attributes:
        max_body_bytes: as given.
    """

    def __init__(self, pipeline: Pipeline, max_body_bytes: int, max_waiting_bytes: int) -> None:
        self.max_body_bytes = max_body_bytes
        self._pipeline = pipeline
        self._budget = Budget(max_waiting_bytes)
        self._threads = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="outcrop-reading")

    def reserved(self, size: int) -> AbstractContextManager[None]:
        """Holds `size` bytes of the budget; see `Budget.reserved`."""
        return self._budget.reserved(size)

    def reading(self, most: int, patience_s: float) -> AbstractAsyncContextManager[Reading]:
        """Holds what a request needs whose size is not known before it is there; see `Budget.reading`."""
        return self._budget.reading(most, patience_s)

    def close(self) -> None:
        """Finishes what is being read, ends the threads, and takes nothing more."""
        self._threads.shutdown()

    async def take(
        self, read: Callable[[], bytes], experiment: str | None, allowed: frozenset[str] | None
    ) -> ExportTraceServiceResponse:
        """Takes in one request; the spans that are right are durable when this returns.

        Args:
            read: gives the uncompressed protobuf; called in a thread.
            experiment: where spans belong that name no experiment themselves.
            allowed: the only experiments that the sender may send to; None for all.

        Returns:
            Which spans were not kept, and why; nothing where all were.

        Raises:
            RequestError: what `read` raises, and `Pipeline.accept`.
            UnavailableError: it is closed.
        """
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[_Outcome] = loop.create_future()

        def accept() -> None:
            try:
                accepted = self._pipeline.accept(read(), experiment, allowed)
            except BaseException as error:  # noqa: BLE001 - raised again where the request waits
                tell(error)
                return
            faults = accepted.faults
            accepted.stored.add_done_callback(lambda stored: tell(stored.exception(), faults))

        def tell(error: BaseException | None, faults: list[str] | None = None) -> None:
            # Of a loop that has ended, nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_end, durable, _Outcome(error, faults or []))

        # The request is woken up once, when all is done, not between reading and committing as well. Who is
        # cancelled here gives up waiting; what was handed to the store is written all the same.
        try:
            work = self._threads.submit(accept)
        except RuntimeError as error:
            raise UnavailableError("The server is stopping. Send this again when it is back.") from error
        try:
            return (await durable).answer()
        except asyncio.CancelledError:
            # What nobody has begun to read is not read any more: its bytes are no part of the budget now.
            work.cancel()
            raise


class _Outcome:
    """How it ended."""

    def __init__(self, error: BaseException | None, faults: list[str]) -> None:
        self._error = error
        self._faults = faults

    def answer(self) -> ExportTraceServiceResponse:
        """What the sender is told; raises the error, once."""
        # Who raises an error and still refers to it makes a circle of both and of all that its traceback
        # refers to: whole bodies would stay until the garbage collector comes.
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error
        answer = ExportTraceServiceResponse()
        if self._faults:
            answer.partial_success.rejected_spans = len(self._faults)
            answer.partial_success.error_message = said(self._faults)
        return answer


def _end(durable: asyncio.Future[_Outcome], outcome: _Outcome) -> None:
    if not durable.done():
        durable.set_result(outcome)
