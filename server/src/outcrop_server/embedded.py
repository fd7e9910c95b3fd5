"""The store without a server: what the SDK's `sqlite:///traces.db` opens, in the program's own process.

Like `app`, it joins parts: ingest and store, with the SDK's pure readers; and the app itself for who reads.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from outcrop.pricing.environment import table_from_environment
from outcrop.pricing.quote import price_of
from outcrop.views import glance_span
from outcrop_server.in_process import Application, Body, ask
from outcrop_server.ingest.pipeline import Pipeline, said
from outcrop_server.model.errors import BadRequestError, RequestError, StoreError
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.settings import Settings
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
        self._pipeline = Pipeline(self._store, partial(glance_span, parse=parse_fast), price_span)
        self._path = path
        self._app: Application | None = None

    def accept(self, body: bytes) -> None:
        """Takes in the body of an OTLP request; durable when it returns.

        Raises:
            ValueError: a span in it is wrong. Those that are right are kept all the same.
            OSError: nothing of it was kept; says why.
        """
        try:
            stored, faults = self._pipeline.accept(body)
            stored.result()
        except BadRequestError as error:
            raise ValueError(str(error)) from error
        except (RequestError, StoreError) as error:
            raise OSError(str(error)) from error
        if faults:
            raise ValueError(said(faults))

    def ask(self, method: str, path: str, body: Body) -> tuple[int, bytes]:
        """What a server over this store would answer: HTTP's status, and the body."""
        if self._app is None:
            # FastAPI takes half a second to load: a program that only traces never needs it.
            from outcrop_server.app import create_app  # noqa: PLC0415

            # Whoever can open the file needs no token for what is in it.
            settings = Settings(store=self._path, spool=None, allow_anonymous=True)
            self._app = create_app(settings, self._store)
            # A program that only traces spends nothing on it.
            self._store.start_filling()
        return ask(self._app, method, path, body)

    def close(self) -> None:
        """Commits what is in work and ends the store's threads."""
        self._store.close()
