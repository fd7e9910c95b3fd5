"""boto3's edge of the conformance suite: a plain call, a `for` loop over a stream, `read()` of a body."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

import botocore
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

from outcrop.testing.shape_server import ShapeServer
from sdk.tests.conformance.operations_under_test import OperationCase
from sdk.tests.conformance.seen import Seen, StreamTypes


class BotoCaller:
    """One boto3 client a service."""

    types = StreamTypes(EventStream, StreamingBody)

    def __init__(self, server: ShapeServer) -> None:
        self._server = server
        self._clients: dict[str, Any] = {}

    def call(self, case: OperationCase, arguments: Mapping[str, Any]) -> Seen:
        """Calls once, and reads whatever streams to its end."""
        seen = Seen()
        try:
            response = getattr(self._client(case.service), botocore.xform_name(case.model.name))(**arguments)
            for value in seen.take(response, self.types):
                # Closed in any case: after an exception in mid-stream the connection is of no more use.
                with contextlib.closing(value):
                    seen.streamed.extend([value.read()] if isinstance(value, StreamingBody) else value)
        except Exception as error:  # noqa: BLE001  # whatever a caller would get
            seen.fail(error)
        return seen

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # One attempt: the second would get the same answer, and retries have tests of their own.
            config = Config(retries={"total_max_attempts": 1})
            self._clients[service] = self._server.client(service, config=config)
        return self._clients[service]


@contextlib.contextmanager
def open_boto_caller(server: ShapeServer) -> Generator[BotoCaller, None, None]:
    """boto3 against a server, which closes the clients itself."""
    yield BotoCaller(server)
