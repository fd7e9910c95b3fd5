"""The experiment: one call, untraced and traced, with the same answer; what was seen and what was kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import outcrop
from outcrop.genai.view import SpanView
from outcrop.otlp.records import SpanRecord
from outcrop.semconv import outcrop_attributes as names
from outcrop.testing.shape_server import SeenRequest, ShapeReply, ShapeServer
from outcrop.testing.traces import CapturedTraces, capture_traces
from outcrop.views import read_span
from sdk.tests.conformance.operations_under_test import OperationCase
from sdk.tests.conformance.seen import Caller, Seen, StreamTypes


@dataclass(frozen=True)
class Finding:
    """Both halves of an experiment.

    Attributes:
        untraced: what the caller saw without tracing.
        traced: what it saw with tracing.
        types: the classes from which it reads what streams.
        request: the traced request as the server received it.
        record: the one span of the traced call.
        view: the span, read.
    """

    untraced: Seen
    traced: Seen
    types: StreamTypes
    request: SeenRequest
    record: SpanRecord
    view: SpanView


class Laboratory:
    """One server, one client library; tracing is on for the second half of each experiment alone."""

    def __init__(self, server: ShapeServer, caller: Caller, traces: CapturedTraces) -> None:
        self._server = server
        self._caller = caller
        self._traces = traces

    def run(self, case: OperationCase, arguments: Mapping[str, Any], reply: ShapeReply) -> Finding:
        """Makes the call twice.

        Raises:
            AssertionError: the arguments were changed, or not exactly one span was kept.
        """
        before = copy.deepcopy(arguments)
        finding = self.run_anew(case, lambda: arguments, reply)
        assert arguments == before
        return finding

    def run_anew(
        self, case: OperationCase, make_arguments: Callable[[], Mapping[str, Any]], reply: ShapeReply
    ) -> Finding:
        """Makes the call twice, for arguments that a call uses up.

        Raises:
            AssertionError: not exactly one span was kept.
        """
        self._server.put(case.model, reply)
        untraced = self._caller.call(case, make_arguments())
        outcrop.bedrock.autolog(silent=True)
        try:
            traced = self._caller.call(case, make_arguments())
        finally:
            outcrop.bedrock.autolog(disable=True)
        records = self._traces.records()
        self._traces.clear()
        assert len(records) == 1
        attempts = sum(event.name == names.ATTEMPT_EVENT for event in records[0].events)
        view = read_span(records[0].attributes, attempts=attempts)
        return Finding(untraced, traced, self._caller.types, self._server.last_request, records[0], view)


@contextmanager
def open_laboratory(
    open_caller: Callable[[ShapeServer], AbstractContextManager[Caller]],
) -> Generator[Laboratory, None, None]:
    """A laboratory with a server of its own."""
    with ShapeServer() as server, open_caller(server) as caller, capture_traces() as traces:
        yield Laboratory(server, caller, traces)
