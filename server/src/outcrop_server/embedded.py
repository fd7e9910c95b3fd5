"""The store without a server: what the SDK's `sqlite:///traces.db` opens, in the program's own process.

Like `app`, it joins parts: ingest, store and reader, with the SDK's pure readers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from outcrop.pricing.environment import table_from_environment
from outcrop.pricing.quote import price_of
from outcrop.views import read_span
from outcrop_server.ingest.pipeline import Pipeline
from outcrop_server.model.errors import BadRequestError, NotFoundError, RequestError, StoreError
from outcrop_server.model.ids import parse_trace_id
from outcrop_server.query.reader import TraceReader
from outcrop_server.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path


class EmbeddedStore:
    """A store; see `outcrop.delivery.embedded.EmbeddedStore`.

    Args:
        path: the SQLite file; made if missing. A server may have it open at the same time.

    Raises:
        OSError: it cannot be used; says why and what to do.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._store = SqliteStore(path)
        except StoreError as error:
            raise OSError(str(error)) from error
        price_span = partial(price_of, table=table_from_environment())
        self._pipeline = Pipeline(self._store, read_span, price_span)
        self._reader = TraceReader(self._store, read_span, price_span)

    def accept(self, body: bytes) -> None:
        """Takes in the body of an OTLP request; durable when it returns."""
        try:
            self._pipeline.accept(body).result()
        except BadRequestError as error:
            raise ValueError(str(error)) from error
        except (RequestError, StoreError) as error:
            raise OSError(str(error)) from error

    def export(self, trace_id: str) -> bytes:
        """A trace as the body of an OTLP request; empty if there is none."""
        try:
            return b"".join(self._reader.export(parse_trace_id(trace_id)))
        except NotFoundError:
            return b""
        except (RequestError, StoreError) as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Commits what is in work and ends the store's threads."""
        self._store.close()
