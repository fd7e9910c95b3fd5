"""Whether the server is on its way out: set by who stops it, asked by `/readyz`."""

from __future__ import annotations


class Lifecycle:
    """Set once, from a signal handler or another thread; read from any.

    Attributes:
        is_draining: whether the server stops, so that nobody should send it anything new.
    """

    def __init__(self) -> None:
        self.is_draining = False

    def drain(self) -> None:
        """The server stops."""
        self.is_draining = True
