"""What the application and the command line both do with the settings' store. Loads no web framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.access import audit
from outcrop_server.model.store_health import watch_nothing
from outcrop_server.storage.sqlite.bulk import bind_quickly
from outcrop_server.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from outcrop_server.observing.metrics import Metrics
    from outcrop_server.settings import Settings
    from outcrop_server.storage.api import TraceStore
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
    # The process is the server's own; a program that opens its store itself is left as it is.
    bind_quickly()
    return SqliteStore(
        settings.store,
        max_waiting_bytes=settings.max_waiting_bytes,
        on_commit=watch_nothing if metrics is None else metrics.on_commit,
        fills_apart=fills_apart,
    )


def audit_removed(removed: Removed) -> None:
    """Writes audit lines of what retention removed."""
    for (experiment, limit), count in sorted(removed.traces.items()):
        audit.record("traces.expired", by="retention", experiment=experiment, limit=limit, deleted=count)
