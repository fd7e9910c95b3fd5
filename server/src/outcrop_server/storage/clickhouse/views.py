"""Saved views, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from outcrop_server.model.views import SavedView, ViewColumn, ViewContent
from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_records

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.writer import Writer

VIEW = "view"


def read_views(client: Client) -> list[SavedView]:
    """Every view in the order in which they were made."""
    found = sorted(map(_read, read_records(client, VIEW).values()), key=lambda told: told["place"])
    if not found:
        return []
    experiments = read_records(client, EXPERIMENT)
    return [_view(told, experiments) for told in found]


def insert_view(writer: Writer, view: SavedView) -> bool:
    """Keeps a view; False if its experiment does not exist, or its id is known."""
    said = _said(writer, view.content)
    if said is None or writer.records.get(VIEW, view.view_id) is not None:
        return False
    told = {
        **said,
        "place": writer.place(),
        "view_id": view.view_id,
        "author": view.author,
        "created_at_ns": view.created_at_ns,
        "updated_at_ns": view.updated_at_ns,
    }
    writer.records.put(VIEW, view.view_id, orjson.dumps(told).decode())
    return True


def update_view(writer: Writer, view_id: str, content: ViewContent, updated_at_ns: int) -> bool:
    """Replaces what a view says; False if there is none of this id, or no such experiment."""
    said, before = _said(writer, content), writer.records.get(VIEW, view_id)
    if said is None or before is None:
        return False
    told = {**_read(before), **said, "updated_at_ns": updated_at_ns}
    writer.records.put(VIEW, view_id, orjson.dumps(told).decode())
    return True


def delete_view(writer: Writer, view_id: str) -> bool:
    """Deletes a view; False if there is none of this id."""
    if writer.records.get(VIEW, view_id) is None:
        return False
    writer.records.drop(VIEW, view_id)
    return True


def _said(writer: Writer, content: ViewContent) -> dict[str, Any] | None:
    """What a view says; None if its experiment does not exist."""
    number = None
    if content.experiment is not None:
        number = writer.memory.number_of(content.experiment)
        if number is None or writer.experiment_name(number) != content.experiment:
            return None
    return {
        "name": content.name,
        "experiment_id": number,
        "search": content.search,
        "columns": [[column.name, column.width_px] for column in content.columns],
        "is_compact": content.is_compact,
    }


def _read(text: str) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(text)
    return told


def _view(told: dict[str, Any], experiments: dict[str, str]) -> SavedView:
    number = told["experiment_id"]
    name = None if number is None else Experiment.read(experiments[str(number)]).name
    columns = tuple(ViewColumn(*column) for column in told["columns"])
    content = ViewContent(told["name"], name, told["search"], columns, told["is_compact"])
    return SavedView(told["view_id"], content, told["author"], told["created_at_ns"], told["updated_at_ns"])
