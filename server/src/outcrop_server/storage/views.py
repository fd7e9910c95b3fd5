"""The storage contract's part about saved views; `storage.api` has the rest and what holds for both.

They lie beside the traces, so that everybody who looks at a server finds the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from outcrop_server.model.views import SavedView, ViewContent


class ViewStore(Protocol):
    """A place that keeps views of the trace list. Changes are durable when their future is done."""

    def views(self) -> list[SavedView]:
        """Every view in the order in which they were made; an experiment by the name that it has now."""
        ...

    def add_view(self, view: SavedView) -> Future[bool]:
        """Keeps a view. False if its experiment does not exist, or its id is known: then nothing is kept."""
        ...

    def update_view(self, view_id: str, content: ViewContent, updated_at_ns: int) -> Future[bool]:
        """Replaces what a view says. False if there is none of this id, or no such experiment."""
        ...

    def delete_view(self, view_id: str) -> Future[bool]:
        """Deletes a view. False if there is none of this id."""
        ...
