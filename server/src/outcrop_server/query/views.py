"""Saved views: gives them ids and times, and says what is not there."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from outcrop_server.model.errors import BadRequestError, NotFoundError
from outcrop_server.model.views import SavedView

if TYPE_CHECKING:
    from outcrop_server.model.views import ViewContent
    from outcrop_server.storage.views import ViewStore

MAX_VIEWS = 1000


class ViewKeeper:
    """Reads and changes saved views. Each change is durable when its method returns.

    Args:
        store: where the views are.
    """

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def views(self) -> list[SavedView]:
        """Every view, in the order in which they were made."""
        return self._store.views()

    def view(self, view_id: str) -> SavedView:
        """One view.

        Raises:
            NotFoundError: there is none of this id.
        """
        for view in self._store.views():
            if view.view_id == view_id:
                return view
        raise _no_view(view_id)

    def add(self, content: ViewContent, author: str) -> SavedView:
        """Keeps a view.

        Raises:
            BadRequestError: there is no such experiment, or there are too many views.
        """
        if len(self._store.views()) >= MAX_VIEWS:
            raise BadRequestError(f"There are {MAX_VIEWS} views, which is as many as are kept. Delete some.")
        now_ns = time.time_ns()
        view = SavedView(f"v-{os.urandom(16).hex()}", content, author, now_ns, now_ns)
        if not self._store.add_view(view).result():
            raise _no_experiment(content)
        return view

    def replace(self, view_id: str, content: ViewContent) -> SavedView:
        """Replaces what a view says.

        Raises:
            NotFoundError: there is none of this id.
            BadRequestError: there is no such experiment.
        """
        self.view(view_id)
        if not self._store.update_view(view_id, content, time.time_ns()).result():
            raise _no_experiment(content)
        return self.view(view_id)

    def delete(self, view_id: str) -> None:
        """Deletes a view.

        Raises:
            NotFoundError: there is none of this id.
        """
        if not self._store.delete_view(view_id).result():
            raise _no_view(view_id)


def _no_view(view_id: str) -> NotFoundError:
    return NotFoundError(f"There is no view {view_id[:80]}; it may have been deleted.")


def _no_experiment(content: ViewContent) -> BadRequestError:
    if content.experiment is None:
        return BadRequestError("This token is for some experiments alone: name one of them in `experiment`.")
    return BadRequestError(f"There is no experiment '{content.experiment[:80]}' here.")
