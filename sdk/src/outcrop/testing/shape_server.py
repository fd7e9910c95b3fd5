"""A stand-in for any operation of any service that speaks REST-JSON, driven by botocore's service model.

`BedrockEmulator` knows what Bedrock's runtime means; this knows only shapes. A test gives the answer in
the form in which boto3 will show it, and it goes over the emulator's own HTTP.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from outcrop.testing.clients import make_client
from outcrop.testing.errors import ServiceError
from outcrop.testing.event_stream import encode_frame
from outcrop.testing.http_shapes import Frame, PlainResponse, Response, StreamResponse, error_response
from outcrop.testing.json_values import to_json
from outcrop.testing.shape_wire import (
    body_members,
    encode_stream_event,
    located,
    response_headers,
    to_wire,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from outcrop.testing.server import EmulatorServer

_STREAM_TYPE = "application/vnd.amazon.eventstream"
_PADDED_SERVICES = frozenset({"bedrock-runtime", "bedrock-agent-runtime"})
_DEFAULT_ERROR_STATUS = 400


@dataclass(frozen=True)
class RawFrame:
    """A frame of a stream that no event shape describes, such as one with `:message-type` `error`."""

    headers: Mapping[str, str]
    payload: bytes = b""


@dataclass(frozen=True)
class ShapeReply:
    """What an operation answers.

    Attributes:
        members: the answer as boto3 shows it. An event stream is a list of events, each an object with
            one member or a `RawFrame`; a streaming body is bytes, or a list of bytes for its chunks.
        error: a modelled error's shape; the answer is that error, and `members` are its own.
    """

    members: Mapping[str, Any]
    error: Any = None


@dataclass(frozen=True)
class SeenRequest:
    """A request as it came: method, path with query (still URL-encoded), headers in lower case, body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class ShapeServer:
    """Answers every call with what was put last, whatever the operation.

    Example:
        >>> with ShapeServer() as server:
        ...     client = server.client("bedrock-agent-runtime")
        ...     model = client.meta.service_model.operation_model("Rerank")
        ...     server.put(model, ShapeReply({"results": [{"index": 0, "relevanceScore": 0.5}]}))
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: tuple[Any, ShapeReply] | None = None
        self._seen: list[SeenRequest] = []
        self._server: EmulatorServer | None = None
        self._clients: list[Any] = []

    def __enter__(self) -> Self:
        from outcrop.testing.server import EmulatorServer  # noqa: PLC0415 - keeps the import light

        self._server = EmulatorServer("127.0.0.1", 0, self)
        self._server.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        clients, self._clients = self._clients, []
        for client in clients:
            client.close()
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    @property
    def endpoint_url(self) -> str:
        """Where it listens.

        Raises:
            RuntimeError: it is not started.
        """
        if self._server is None:
            raise RuntimeError("The server is not started: use it in a `with` block.")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def last_request(self) -> SeenRequest:
        """The newest request."""
        with self._lock:
            return self._seen[-1]

    def client(self, service: str, **options: Any) -> Any:
        """A real boto3 client of a service that talks to this server; closed when it stops."""
        client = make_client(self.endpoint_url, service, options)
        self._clients.append(client)
        return client

    def put(self, operation: Any, reply: ShapeReply) -> None:
        """Say what the next calls of this operation (botocore's OperationModel) get."""
        with self._lock:
            self._current = (operation, reply)
            self._seen.clear()

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Called by the HTTP handler."""
        with self._lock:
            current = self._current
            self._seen.append(SeenRequest(method, target, headers, body))
        if current is None or not _is_call_of(current[0], method, target):
            return error_response(ServiceError("UnknownOperationException", f"Not put: {method} {target}"))
        operation, reply = current
        return write_error(reply) if reply.error is not None else write_answer(operation, reply)


def write_answer(operation: Any, reply: ShapeReply) -> Response:
    """The HTTP answer that botocore parses into the reply's members."""
    shape, members = operation.output_shape, reply.members
    status = int(operation.http.get("responseCode", 200))
    if shape is None:
        return PlainResponse(status, b"")
    status = next(iter(located(shape, members, "statusCode").values()), status)
    headers = {"Content-Type": "application/json", **response_headers(shape, members)}
    payload = shape.serialization.get("payload")
    if payload is None:
        return PlainResponse(status, to_json(body_members(shape, members)), headers)
    value, member = members.get(payload), shape.members[payload]
    if member.serialization.get("eventstream"):
        is_padded = operation.service_model.service_name in _PADDED_SERVICES
        frames = (Frame(_frame(member, event, is_padded)) for event in value or ())
        return StreamResponse(
            frames, {"Content-Type": _STREAM_TYPE, **response_headers(shape, members)}, status=status
        )
    if member.type_name in {"blob", "string"}:
        return _body(value, headers, status)
    return PlainResponse(status, to_json(to_wire(member, value)), headers)


def write_error(reply: ShapeReply) -> Response:
    """The HTTP answer that botocore raises as the error's class."""
    shape = reply.error
    described = shape.metadata.get("error", {})
    status = int(described.get("httpStatusCode", _DEFAULT_ERROR_STATUS))
    code = described.get("code", shape.name)
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": f"{code}:http://internal/"}
    body = to_json(body_members(shape, reply.members))
    return PlainResponse(status, body, {**headers, **response_headers(shape, reply.members)})


def _body(value: Any, headers: Mapping[str, str], status: int) -> Response:
    if isinstance(value, list):
        return StreamResponse(_pieces(cast("list[bytes]", value)), headers, status=status)
    data = value.encode() if isinstance(value, str) else bytes(value or b"")
    return PlainResponse(status, data, headers)


def _pieces(pieces: list[bytes]) -> Iterator[Frame]:
    # An empty HTTP chunk would end the answer.
    return (Frame(piece) for piece in pieces if piece)


def _frame(shape: Any, event: Any, is_padded: bool) -> bytes:
    if isinstance(event, RawFrame):
        return encode_frame(event.headers, event.payload)
    return encode_stream_event(shape, event, is_padded=is_padded)


def _is_call_of(operation: Any, method: str, target: str) -> bool:
    template = operation.http["requestUri"].partition("?")[0]
    pattern = "".join(
        ("(.+)" if part.endswith("+}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", template)
    )
    path = target.partition("?")[0]
    return method == operation.http["method"] and re.fullmatch(pattern, path) is not None
