"""Servers that take OTLP over gRPC too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer

if TYPE_CHECKING:
    import grpc


@pytest.fixture
def server(start_server: StartServer) -> BackgroundServer:
    return start_server(grpc_port=0)


@pytest.fixture
def channel(server: BackgroundServer) -> Iterator[grpc.Channel]:
    from server.tests.support.calls import channel_to  # noqa: PLC0415 - skips where grpcio is missing

    with channel_to(server) as opened:
        yield opened
