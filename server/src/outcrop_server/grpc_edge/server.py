"""The gRPC server in the loop of the HTTP server: binds first, starts when that listens, stops with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from outcrop_server.grpc_edge.export import MOST_MESSAGE_BYTES
from outcrop_server.listening import numeric_address
from outcrop_server.settings import SettingsError

if TYPE_CHECKING:
    from outcrop_server.grpc_edge.export import ExportCalls
    from outcrop_server.lifecycle import Lifecycle
    from outcrop_server.settings import Settings

# Of what a caller may use: no compression, and gzip, which is OTLP's own.
_COMPRESSION = 1 << grpc.Compression.NoCompression | 1 << grpc.Compression.Gzip
# Calls that are given up still have to be told so.
_TELLING_S = 0.5


class GrpcServer:
    """One listening server; its methods are called in the loop.

    Args:
        settings: host, port, certificate and the largest message.
        calls: answers calls.
        lifecycle: told when it serves and when no longer.

    Attributes:
        port: the one that is bound, once it is.
    """

    def __init__(self, settings: Settings, calls: ExportCalls, lifecycle: Lifecycle) -> None:
        self._settings = settings
        self._calls = calls
        self._lifecycle = lifecycle
        self._server: grpc.aio.Server | None = None
        self.port = settings.listening_grpc_port or 0

    async def bind(self) -> None:
        """Takes the port.

        Raises:
            SettingsError: it cannot be had.
        """
        server = grpc.aio.server(options=_options(self._settings))
        server.add_generic_rpc_handlers((self._calls,))
        address = numeric_address(self._settings.host, self.port)
        try:
            if self._settings.tls_cert is None or self._settings.tls_key is None:
                self.port = server.add_insecure_port(address)
            else:
                pair = (self._settings.tls_key.read_bytes(), self._settings.tls_cert.read_bytes())
                self.port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        except RuntimeError as error:
            await server.stop(None)
            raise SettingsError(
                f"Cannot listen for gRPC on {address}. Choose another --grpc-port."
            ) from error
        self._server = server

    async def start(self) -> None:
        """Serves."""
        if self._server is not None:
            await self._server.start()
            self._lifecycle.serves_grpc = True

    async def stop(self, grace_s: float) -> None:
        """Takes no new calls, and ends when those that run have ended; after the grace they are refused.

        Args:
            grace_s: how long they may take, in seconds.
        """
        if self._server is None:
            return
        stopping = asyncio.ensure_future(self._server.stop(grace_s + _TELLING_S))
        _, pending = await asyncio.wait({stopping}, timeout=grace_s)
        if pending:
            self._calls.give_up()
        await stopping
        self._lifecycle.serves_grpc = False


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", min(settings.max_body_bytes, MOST_MESSAGE_BYTES)),
        # Decompressed by us, as HTTP's bodies are: never to more bytes than a body may have.
        ("grpc.per_message_decompression", 0),
        ("grpc.compression_enabled_algorithms_bitset", _COMPRESSION),
        # Otherwise two servers could have one port.
        ("grpc.so_reuseport", 0),
        # One connection may carry a proxy's many callers. Of a message that is not read yet gRPC takes in one
        # window: 64 KiB, unless it may widen that by what it measures of the way, to megabytes a call.
        ("grpc.max_concurrent_streams", 1000),
        ("grpc.http2.bdp_probe", 0),
        # A machine that has gone without a word must not keep its place for hours.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
    ]
