"""`TraceService/Export`: a call is let in, its message read, and answered when the spans are durable.

Calls are handled as streams of one message, which is the same on the wire: so nothing of a message is read
before its sender is known, and no more messages at once than there is memory for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import grpc
from starlette.datastructures import Headers

from outcrop_server.grpc_edge.refusals import Refusal, refusal
from outcrop_server.ingest.body import plain
from outcrop_server.model.errors import BadRequestError, NotFoundError, RequestError, UnavailableError
from outcrop_server.observing.requests import request_id_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import TypeAlias

    from outcrop_server.grpc_edge.entry import Entry
    from outcrop_server.ingest.intake import Intake
    from outcrop_server.observing.calls import ObservedCalls

    Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_COLLECTOR = "/opentelemetry.proto.collector."
# OpenTelemetry's word for methods that are not one of a few.
_OTHER_METHOD = "_OTHER"
_ID = "x-request-id"
_EXPERIMENT = "x-outcrop-experiment"
# A message's size is known only when all of it is there: until then the budget holds what the largest needs.
# So long a call waits for that, which is less than the ten seconds that OTLP's clients wait by default;
_ROOM_PATIENCE_S = 5.0
# and so long a message may take, since others wait meanwhile.
_READING_S = 60.0
# gRPC's flag "this message is compressed" is not shown. No request of OTLP begins with these two bytes.
_GZIP = b"\x1f\x8b"
MOST_MESSAGE_BYTES = 2**31 - 1
_STOPPING = "The server is stopping. Send this again when it is back."
_FAILED = "The server failed on this call; its log says more. Please report it."
_log = logging.getLogger(__name__)


class ExportCalls(grpc.GenericRpcHandler):
    """Answers calls.

    Args:
        intake: what takes requests in.
        entry: knows who may call.
        observed: told of each call.
    """

    def __init__(self, intake: Intake, entry: Entry, observed: ObservedCalls) -> None:
        self._intake = intake
        self._entry = entry
        self._observed = observed
        self._most_bytes = min(intake.max_body_bytes, MOST_MESSAGE_BYTES)
        self._running: set[asyncio.Task[Any]] = set()
        self._gives_up = False

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """What answers a method; None for those that nobody here knows."""
        method = handler_call_details.method
        if method == METHOD:
            return grpc.stream_unary_rpc_method_handler(self._on_export)
        if method.startswith(_COLLECTOR):
            return grpc.stream_unary_rpc_method_handler(self._on_other_signal)
        return None

    def give_up(self) -> None:
        """Refuses what still runs: it took longer than a stop may."""
        self._gives_up = True
        for task in self._running:
            task.cancel()

    async def _on_export(self, _: object, context: Context) -> bytes:
        return await self._answered(_Call(METHOD, context), self._export)

    async def _on_other_signal(self, _: object, context: Context) -> bytes:
        return await self._answered(_Call(_OTHER_METHOD, context), _refuse_other_signal)

    async def _export(self, call: _Call) -> bytes:
        caller = await self._entry.let_in(call.headers, call.context.peer(), METHOD)
        async with self._intake.reading(self._most_bytes, _ROOM_PATIENCE_S) as reading:
            message = await _message(call)
            reading.known(len(message))
            call.sizes = (len(message), 0)
            encoding = "gzip" if message.startswith(_GZIP) else ""
            read = partial(plain, message, encoding, self._intake.max_body_bytes)
            answer = await self._intake.take(read, call.headers.get(_EXPERIMENT), caller.experiments)
        return answer.SerializeToString()

    async def _answered(self, call: _Call, answer: Callable[[_Call], Awaitable[bytes]]) -> bytes:
        """Answers a call, or refuses it, and tells how it ended."""
        began = time.perf_counter()
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._running.add(task)
        try:
            outcome = await self._outcome(call, answer)
            # Not within the error's own handling: the abort would refer to it, and to its traceback with the
            # message, until the garbage collector comes.
            if isinstance(outcome, Refusal):
                return await call.refuse(outcome)
            call.accept(outcome)
            return outcome
        finally:
            self._running.discard(task)
            duration_s = time.perf_counter() - began
            self._observed.ended(call.request_id, call.name, call.status, duration_s, call.sizes)

    async def _outcome(self, call: _Call, answer: Callable[[_Call], Awaitable[bytes]]) -> bytes | Refusal:
        """The answer to a call, or why there is none."""
        try:
            return await answer(call)
        except RequestError as error:
            return refusal(error)
        except asyncio.CancelledError:
            # Either the caller has left, or we do.
            if not self._gives_up:
                raise
            return refusal(UnavailableError(_STOPPING))
        except Exception:  # noqa: BLE001 - gRPC would tell the caller what went wrong in here
            _log.exception("A call over gRPC failed")
            return Refusal(grpc.StatusCode.INTERNAL, _FAILED)


class _Call:
    """One call, and how it ends.

    Args:
        name: its method, or the word for those that are not one of a few.
        context: gRPC's.

    Attributes:
        headers: its metadata.
        request_id: the caller's own, or a new one.
        status: name of the code that it ended with.
        sizes: bytes of the message and of the answer.
        is_empty: whether no message could be read.
    """

    def __init__(self, name: str, context: Context) -> None:
        self.name = name
        self.context = context
        self.headers = _headers(context)
        self.request_id = request_id_of(self.headers.raw).decode()
        self.status = "CANCELLED"
        self.sizes: tuple[int, int] = (0, 0)
        self.is_empty = False

    def accept(self, response: bytes) -> None:
        """All went well."""
        self.status = "OK"
        self.sizes = (self.sizes[0], len(response))
        self.context.set_trailing_metadata(((_ID, self.request_id),))

    async def refuse(self, refused: Refusal) -> bytes:
        """Ends the call with an error; returns only if gRPC has ended it already."""
        self.status = refused.code.name
        try:
            await self.context.abort(refused.code, refused.words, ((_ID, self.request_id), *refused.trailing))
        except grpc.aio.AbortError:
            raise
        except (grpc.aio.BaseError, asyncio.CancelledError) as error:
            # It does not say why: where no message could be read, almost always since that was too large.
            self.status = "RESOURCE_EXHAUSTED" if self.is_empty else "CANCELLED"
            if isinstance(error, asyncio.CancelledError):
                raise
        return b""


async def _message(call: _Call) -> bytes:
    try:
        message = await asyncio.wait_for(call.context.read(), _READING_S)
    except asyncio.TimeoutError as error:
        raise UnavailableError(
            f"The message did not come within {_READING_S:g} s. Send fewer spans at once."
        ) from error
    # gRPC's sign for the end: the caller has left, or the message has more bytes than gRPC lets through.
    if not isinstance(message, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - its types leave that sign out
        call.is_empty = True
        raise BadRequestError("The call brought no message.")
    return message


async def _refuse_other_signal(_: _Call) -> bytes:
    raise NotFoundError(
        "This server takes traces alone. Send metrics and logs elsewhere, or none: "
        "OTEL_METRICS_EXPORTER=none, OTEL_LOGS_EXPORTER=none."
    )


def _headers(context: Context) -> Headers:
    """A call's metadata in the form of HTTP's headers, which it is on the wire."""
    found = cast("Iterable[tuple[str, str | bytes]] | None", context.invocation_metadata())
    return Headers(raw=[(name.encode("latin-1"), _header(value)) for name, value in found or ()])


def _header(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")
