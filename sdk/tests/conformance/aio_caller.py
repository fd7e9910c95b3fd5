"""aiobotocore's edge of the conformance suite: `await`, `async for` over a stream, `await` of a body."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Generator, Mapping
from typing import Any

import botocore

from outcrop.testing.shape_server import ShapeServer
from sdk.tests.conformance.operations_under_test import OperationCase
from sdk.tests.conformance.seen import Seen, StreamTypes


class AioCaller:
    """One aiobotocore client a service, all in one event loop.

    Args:
        endpoint_url: where the server listens.
        loop: which runs for the time of a call.
        clients: closes the clients.
    """

    def __init__(
        self, endpoint_url: str, loop: asyncio.AbstractEventLoop, clients: contextlib.AsyncExitStack
    ) -> None:
        self.types = StreamTypes(
            _module("eventstream").AioEventStream,
            _module("response").StreamingBody,
        )
        self._endpoint_url = endpoint_url
        self._loop = loop
        self._open = clients
        self._session = _module("session").get_session()
        self._clients: dict[str, Any] = {}

    def call(self, case: OperationCase, arguments: Mapping[str, Any]) -> Seen:
        """Calls once, and reads whatever streams to its end."""
        return self._loop.run_until_complete(self._call(case, arguments))

    async def _call(self, case: OperationCase, arguments: Mapping[str, Any]) -> Seen:
        client = await self._client(case.service)
        seen = Seen()
        try:
            response = await getattr(client, botocore.xform_name(case.model.name))(**arguments)
            for value in seen.take(response, self.types):
                # Closed in any case: after an exception in mid-stream the connection is of no more use.
                with contextlib.closing(value):
                    if type(value) is self.types.body:
                        seen.streamed.append(await value.read())
                        continue
                    async for event in value:
                        seen.streamed.append(event)
        except Exception as error:  # noqa: BLE001  # whatever a caller would get
            seen.fail(error)
        return seen

    async def _client(self, service: str) -> Any:
        if service not in self._clients:
            made = self._session.create_client(
                service,
                region_name="us-east-1",
                endpoint_url=self._endpoint_url,
                aws_access_key_id="outcrop-emulator",
                aws_secret_access_key="outcrop-emulator",
                # One attempt: the second would get the same answer, and retries have tests of their own.
                config=_module("config").AioConfig(proxies={}, retries={"total_max_attempts": 1}),
            )
            self._clients[service] = await self._open.enter_async_context(made)
        return self._clients[service]


@contextlib.contextmanager
def open_aio_caller(server: ShapeServer) -> Generator[AioCaller, None, None]:
    """aiobotocore against a server, in an event loop of its own.

    Raises:
        ImportError: aiobotocore is not installed.
    """
    loop = asyncio.new_event_loop()
    clients = contextlib.AsyncExitStack()
    try:
        yield AioCaller(server.endpoint_url, loop, clients)
    finally:
        loop.run_until_complete(clients.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _module(name: str) -> Any:
    return importlib.import_module(f"aiobotocore.{name}")
