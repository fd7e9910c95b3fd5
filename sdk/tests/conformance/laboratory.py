"""The experiment: one call, untraced and traced, with the same answer; what was seen and what was kept."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

import outcrop
from outcrop.genai.view import SpanView
from outcrop.json_reading import as_object
from outcrop.recording.record import SpanRecord
from outcrop.semconv import outcrop_attributes as names
from outcrop.testing.shape_server import SeenRequest, ShapeReply, ShapeServer
from outcrop.testing.traces import CapturedTraces, capture_traces
from outcrop.views import read_span
from sdk.tests.conformance.operations_under_test import OperationCase

# What differs from call to call, traced or not.
_OWN_HEADERS = frozenset({"date", "x-amzn-requestid"})


@dataclass
class Seen:
    """What the caller of one call saw.

    Attributes:
        response: the parsed answer, without what streams.
        streamed: the events or the bytes that were read, and the type of what they were read from.
        error: class and content of the exception; None if there was none.
    """

    response: Any = None
    streamed: list[Any] = field(default_factory=list[Any])
    error: tuple[type[BaseException], Any] | None = None


@dataclass(frozen=True)
class Finding:
    """Both halves of an experiment.

    Attributes:
        untraced: what the caller saw without tracing.
        traced: what it saw with tracing.
        request: the traced request as the server received it.
        record: the one span of the traced call.
        view: the span, read.
    """

    untraced: Seen
    traced: Seen
    request: SeenRequest
    record: SpanRecord
    view: SpanView


class Laboratory:
    """One server, one client a service; tracing is on for the second half of each experiment alone."""

    def __init__(self, server: ShapeServer, traces: CapturedTraces) -> None:
        self._server = server
        self._traces = traces
        self._clients: dict[str, Any] = {}

    def run(self, case: OperationCase, arguments: Mapping[str, Any], reply: ShapeReply) -> Finding:
        """Makes the call twice.

        Raises:
            AssertionError: the arguments were changed, or not exactly one span was kept.
        """
        before = copy.deepcopy(arguments)
        self._server.put(case.model, reply)
        untraced = call(self._client(case.service), case, arguments)
        outcrop.bedrock.autolog(silent=True)
        try:
            traced = call(self._client(case.service), case, arguments)
        finally:
            outcrop.bedrock.autolog(disable=True)
        assert arguments == before
        records = self._traces.records()
        self._traces.clear()
        assert len(records) == 1
        attempts = sum(event.name == names.ATTEMPT_EVENT for event in records[0].events)
        view = read_span(records[0].attributes, attempts=attempts)
        return Finding(untraced, traced, self._server.last_request, records[0], view)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # One attempt: the second would get the same answer, and retries have tests of their own.
            config = Config(retries={"total_max_attempts": 1})
            self._clients[service] = self._server.client(service, config=config)
        return self._clients[service]


@contextmanager
def open_laboratory() -> Generator[Laboratory, None, None]:
    """A laboratory with a server of its own."""
    with ShapeServer() as server, capture_traces() as traces:
        yield Laboratory(server, traces)


def call(client: Any, case: OperationCase, arguments: Mapping[str, Any]) -> Seen:
    """Calls, and reads whatever streams to its end."""
    seen = Seen()
    try:
        response = getattr(client, botocore.xform_name(case.model.name))(**arguments)
        seen.response = {name: value for name, value in response.items() if not _is_streamed(value)}
        _clean(seen.response)
        for value in filter(_is_streamed, response.values()):
            seen.streamed.append(type(value))
            # Closed in any case: after an exception in mid-stream the connection is of no more use.
            with contextlib.closing(value):
                seen.streamed.extend([value.read()] if isinstance(value, StreamingBody) else value)
    except Exception as error:  # noqa: BLE001  # whatever a caller would get
        content = getattr(error, "response", None)
        _clean(content)
        seen.error = (type(error), content or str(error))
    return seen


def _is_streamed(value: Any) -> bool:
    return isinstance(value, EventStream | StreamingBody)


def _clean(response: Any) -> None:
    metadata = as_object(as_object(response).get("ResponseMetadata"))
    metadata.pop("RequestId", None)
    headers = as_object(metadata.get("HTTPHeaders"))
    for name in _OWN_HEADERS:
        headers.pop(name, None)
