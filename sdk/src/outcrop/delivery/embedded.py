"""A store in this process as a destination (`sqlite:///traces.db`): no server, and many may share it.

The store comes with the full installation, which registers it under the entry point `outcrop.stores`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from outcrop.delivery.asking import Asking
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.sender import Sent
from outcrop.delivery.spool import Spool
from outcrop.exceptions import ConfigurationError

if TYPE_CHECKING:
    from outcrop.delivery.server_api import ServerApi

ENTRY_POINTS = "outcrop.stores"


class EmbeddedStore(Protocol):
    """What the full installation gives for a path."""

    def accept(self, body: bytes) -> None:
        """Takes in the body of an OTLP request; durable when it returns.

        Raises:
            ValueError: it can never be taken in; says why.
            OSError: it cannot be taken in now.
        """
        ...

    def ask(self, method: str, path: str, body: bytes | Iterable[bytes] | None) -> tuple[int, bytes]:
        """What a server over this store would answer: HTTP's status, and the body.

        Args:
            method: HTTP's method.
            path: the path, with a query if there is one.
            body: what is sent; in pieces where it is large.

        Raises:
            OSError: the store cannot be read.
        """
        ...

    def close(self) -> None:
        """Ends its threads."""
        ...


OpenStore = Callable[[Path], EmbeddedStore]


def find_store(scheme: str) -> OpenStore:
    """What opens a store of this kind.

    Raises:
        ConfigurationError: the full installation is missing.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415  # looks through every installed package

    for entry in entry_points(group=ENTRY_POINTS, name=scheme):
        found: OpenStore = entry.load()
        return found
    raise ConfigurationError(
        f"The tracking URI {scheme}:///... needs the full installation: pip install outcrop. "
        "With outcrop-tracing alone, send to a server or write a file (file:///folder/traces.jsonl)."
    )


class StoreSender:
    """Hands batches to a store, which is opened on the delivery thread with the first of them."""

    def __init__(self, open_store: OpenStore, path: Path) -> None:
        """`path` is the store's file."""
        self.name = str(path)
        self._open_store = open_store
        self._path = path
        self._store: EmbeddedStore | None = None
        self._lock = threading.Lock()

    def post(self, body: bytes) -> Sent:
        """Stores a request."""
        try:
            self.store().accept(body)
        except ValueError as error:
            return Sent(False, is_refused=True, reason=str(error))
        except OSError as error:
            return Sent(False, reason=str(error))
        return Sent(True)

    def store(self) -> EmbeddedStore:
        """The store, opened.

        Raises:
            OSError: it cannot be opened.
        """
        with self._lock:
            if self._store is None:
                self._store = self._open_store(self._path)
            return self._store

    def close(self) -> None:
        """Closes the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


class EmbeddedDestination(Delivering, Asking):
    """Keeps traces in a store of this process, and reads from it."""

    def __init__(
        self, scheme: str, path: Path, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """Raises ConfigurationError where the full installation is missing."""
        self._open_store = find_store(scheme)
        self._path = path
        # A forked child must neither use nor close what its parent opened.
        self._senders: list[StoreSender] = []
        folder = spool_root / re.sub(r"[^A-Za-z0-9.\-]+", "_", f"{scheme}{path.absolute()}")
        super().__init__(
            Pipeline(self._make_sender, lambda on_drop: Spool(folder, on_drop), resource, mode=mode)
        )

    def _make_api(self) -> ServerApi:
        from outcrop.delivery.embedded_api import EmbeddedApi  # noqa: PLC0415  # see Asking.api

        # A forked child has a sender, and thereby a store, of its own.
        return EmbeddedApi(str(self._path), lambda: self._newest_sender().store())

    def _newest_sender(self) -> StoreSender:
        return self._senders[-1]

    def _make_sender(self) -> StoreSender:
        self._senders.append(StoreSender(self._open_store, self._path))
        return self._senders[-1]
