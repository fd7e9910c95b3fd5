"""Saved views as rows.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.model.views import SavedView, ViewColumn, ViewContent
from outcrop_server.storage.postgresql.adapting import from_json, to_json

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

_SELECT = """
    SELECT view_id, saved_view.name, experiment.name, search, columns, is_compact, author,
        saved_view.created_at_ns, updated_at_ns
    FROM saved_view LEFT JOIN experiment USING (experiment_id) ORDER BY place
"""
_INSERT = """
    INSERT INTO saved_view
        (name, experiment_id, search, columns, is_compact, view_id, author, created_at_ns, updated_at_ns)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (view_id) DO NOTHING
"""
_UPDATE = """
    UPDATE saved_view
    SET (name, experiment_id, search, columns, is_compact, updated_at_ns) = (%s, %s, %s, %s, %s, %s)
    WHERE view_id = %s
"""
_FIND_EXPERIMENT = "SELECT experiment_id FROM experiment WHERE name = %s"
_DELETE = "DELETE FROM saved_view WHERE view_id = %s"


def read_views(connection: Connection) -> list[SavedView]:
    """Every view in the order in which they were made."""
    return [_view(row) for row in connection.execute(_SELECT)]


def insert_view(connection: Connection, view: SavedView) -> bool:
    """Keeps a view; False if its experiment does not exist, or its id is known."""
    values = _values(connection, view.content)
    if values is None:
        return False
    row = (*values, view.view_id, view.author, view.created_at_ns, view.updated_at_ns)
    return connection.execute(_INSERT, row).rowcount > 0


def update_view(connection: Connection, view_id: str, content: ViewContent, updated_at_ns: int) -> bool:
    """Replaces what a view says; False if there is none of this id, or no such experiment."""
    values = _values(connection, content)
    return values is not None and connection.execute(_UPDATE, (*values, updated_at_ns, view_id)).rowcount > 0


def delete_view(connection: Connection, view_id: str) -> bool:
    """Deletes a view; False if there is none of this id."""
    return connection.execute(_DELETE, (view_id,)).rowcount > 0


def _values(connection: Connection, content: ViewContent) -> tuple[Any, ...] | None:
    experiment_id = None
    if content.experiment is not None:
        found = connection.execute(_FIND_EXPERIMENT, (content.experiment,)).fetchone()
        if found is None:
            return None
        (experiment_id,) = found
    columns = [[column.name, column.width_px] for column in content.columns]
    return (content.name, experiment_id, to_json(content.search), to_json(columns), content.is_compact)


def _view(row: tuple[Any, ...]) -> SavedView:
    view_id, name, experiment, search, columns, is_compact, *rest = row
    shown = tuple(ViewColumn(*column) for column in from_json(columns))
    content = ViewContent(name, experiment, from_json(search), shown, is_compact)
    return SavedView(view_id, content, *rest)
