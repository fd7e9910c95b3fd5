"""Whether the server is all there, or on its way out: set by who starts and stops it, asked by `/readyz`."""

from __future__ import annotations


class Lifecycle:
    """Set from a signal handler or another thread; read from any.

    Attributes:
        is_draining: whether the server stops, so that nobody should send it anything new.
        serves_grpc: whether OTLP over gRPC is served now.
    """

    def __init__(self) -> None:
        self.is_draining = False
        self.serves_grpc = False

    def drain(self) -> None:
        """The server stops."""
        self.is_draining = True
