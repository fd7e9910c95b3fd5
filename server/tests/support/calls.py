"""Calls OTLP over gRPC in tests, with gRPC's own client, and keeps every answer whatever its status."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("grpc", reason="grpcio is not installed here; `make test` installs it")

import grpc

from outcrop_server.serve import BackgroundServer

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_TIMEOUT_S = 60
_OPTIONS = [("grpc.max_send_message_length", -1)]


@dataclass(frozen=True)
class Reply:
    """What a call ended with: `code` is the name of gRPC's, `trailing` the metadata behind the answer."""

    code: str
    words: str
    body: bytes
    trailing: dict[str, str | bytes]

    @property
    def retry_after_s(self) -> int:
        """Of the RetryInfo among its details, read by Google's own messages; fails without one."""
        details = self.trailing["grpc-status-details-bin"]
        assert isinstance(details, bytes)
        # They come with OpenTelemetry's exporter for gRPC, without types that mypy takes.
        messages: Any = importlib.import_module("google.rpc.error_details_pb2")
        status: Any = importlib.import_module("google.rpc.status_pb2").Status.FromString(details)
        assert (grpc.StatusCode[self.code].value[0], self.words) == (status.code, status.message)
        retry_info = messages.RetryInfo()
        (detail,) = status.details
        assert detail.Unpack(retry_info)
        assert self.trailing["google.rpc.retryinfo-bin"] == retry_info.SerializeToString()
        return int(retry_info.retry_delay.seconds)


@contextmanager
def channel_to(
    server: BackgroundServer, certificate: bytes | None = None
) -> Generator[grpc.Channel, None, None]:
    """A connection of its own; encrypted if there is a certificate to trust."""
    assert server.grpc_url is not None
    target = server.grpc_url.partition("://")[2]
    if certificate is None:
        channel = grpc.insecure_channel(target, _OPTIONS)
    else:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(certificate), _OPTIONS)
    try:
        yield channel
    finally:
        channel.close()


def export(channel: grpc.Channel, body: bytes, method: str = EXPORT, **metadata: str) -> Reply:
    """One call; underscores in names of metadata become hyphens."""
    return finished(begun(channel, body, method, **metadata))


def begun(channel: grpc.Channel, body: bytes, method: str = EXPORT, **metadata: str) -> Any:
    """A call that may still run."""
    return _untyped(channel).unary_unary(method).future(body, timeout=_TIMEOUT_S, metadata=_pairs(metadata))


def in_compression(channel: grpc.Channel, body: bytes, compression: str) -> Reply:
    """One call with gRPC's own compression: `Gzip` or `Deflate`."""
    call = _untyped(channel).unary_unary(EXPORT)
    return finished(call.future(body, timeout=_TIMEOUT_S, compression=grpc.Compression[compression]))


def in_messages(channel: grpc.Channel, messages: Iterator[bytes], **metadata: str) -> Any:
    """A call that sends its messages when there are any; it may still run."""
    return (
        _untyped(channel).stream_unary(EXPORT).future(messages, timeout=_TIMEOUT_S, metadata=_pairs(metadata))
    )


def finished(call: Any) -> Reply:
    """Waits for a call's end."""
    error = call.exception()
    trailing: dict[str, str | bytes] = dict(call.trailing_metadata() or ())
    return Reply(call.code().name, call.details() or "", b"" if error else call.result(), trailing)


def _untyped(channel: grpc.Channel) -> Any:
    """Without serialisers, of which messages have their types, these are unknown."""
    return channel


def _pairs(metadata: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", "-"), value) for name, value in metadata.items())
