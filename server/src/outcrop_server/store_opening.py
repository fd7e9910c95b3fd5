"""What the application and the command line both do with the settings' store. Loads no web framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outcrop_server.access import audit
from outcrop_server.configuration.store_place import StoreUrl, is_in_clickhouse
from outcrop_server.model.errors import StoreError
from outcrop_server.model.store_health import watch_nothing
from outcrop_server.storage.sqlite.bulk import bind_quickly
from outcrop_server.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from outcrop_server.observing.metrics import Metrics
    from outcrop_server.settings import Settings
    from outcrop_server.storage.api import TraceStore
    from outcrop_server.storage.clickhouse.store import ClickhouseStore
    from outcrop_server.storage.postgresql.store import PostgresStore
    from outcrop_server.upkeep.retention import Removed


def open_store(
    settings: Settings, metrics: Metrics | None = None, *, fills_apart: bool = False
) -> TraceStore:
    """Opens the store that the settings name.

    Args:
        settings: name it.
        metrics: told of its commits.
        fills_apart: whether what a store prepares in the background is done by a process of its own.

    Raises:
        StoreError: it cannot be used; says why and what to do.
    """
    on_commit = watch_nothing if metrics is None else metrics.on_commit
    if isinstance(settings.store, StoreUrl):
        if is_in_clickhouse(settings.store):
            return _clickhouse()(
                settings.store.address,
                max_waiting_bytes=settings.max_waiting_bytes,
                on_commit=on_commit,
                fills_apart=fills_apart,
                cluster=settings.cluster,
            )
        return _postgresql()(
            settings.store.address,
            max_waiting_bytes=settings.max_waiting_bytes,
            on_commit=on_commit,
            fills_apart=fills_apart,
        )
    # The process is the server's own; a program that opens its store itself is left as it is.
    bind_quickly()
    return SqliteStore(
        settings.store,
        max_waiting_bytes=settings.max_waiting_bytes,
        on_commit=on_commit,
        fills_apart=fills_apart,
    )


def _postgresql() -> type[PostgresStore]:
    """The engine, whose library is an extra of the installation."""
    try:
        from outcrop_server.storage.postgresql.store import PostgresStore  # noqa: PLC0415 - as said
    except ImportError as error:
        _tell_if_missing(error, "psycopg", "PostgreSQL", "postgresql")
        raise
    return PostgresStore


def _clickhouse() -> type[ClickhouseStore]:
    """Likewise."""
    try:
        from outcrop_server.storage.clickhouse.store import ClickhouseStore  # noqa: PLC0415 - as said
    except ImportError as error:
        _tell_if_missing(error, "clickhouse_connect", "ClickHouse", "clickhouse")
        raise
    return ClickhouseStore


def _tell_if_missing(error: ImportError, library: str, engine: str, extra: str) -> None:
    if (error.name or "").partition(".")[0] == library:
        raise StoreError(f"A store in {engine} needs its library: pip install 'outcrop[{extra}]'.") from error


def check_exists(settings: Settings) -> None:
    """Refuses to make the store that is to be read.

    Raises:
        StoreError: there is no such file.
    """
    if isinstance(settings.store, Path) and not settings.store.exists():
        raise StoreError(f"There is no store {settings.store}. Give --store (OUTCROP_STORE).")


def audit_removed(removed: Removed) -> None:
    """Writes audit lines of what retention removed."""
    for (experiment, limit), count in sorted(removed.traces.items()):
        audit.record("traces.expired", by="retention", experiment=experiment, limit=limit, deleted=count)
