"""`/api/views`: views of the trace list that have a name. A token of role read changes its own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.access import audit
from outcrop_server.api.dependencies import CallerOf, Views, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.view_schemas import NewView, View, ViewColumn, ViewList
from outcrop_server.model.errors import ForbiddenError
from outcrop_server.model.views import ViewColumn as KeptColumn
from outcrop_server.model.views import ViewContent

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller
    from outcrop_server.model.views import SavedView
    from outcrop_server.query.views import ViewKeeper

router = APIRouter(tags=["views"])

_ERRORS = responses(400, 403, 404, 503)


@router.get("/api/views", operation_id="listViews", response_model=ViewList, responses=responses(403))
def list_views(views: Views) -> Response:
    """Every saved view."""
    return json_answer(ViewList(views=[_view(each) for each in views.views()]))


@router.post(
    "/api/views",
    operation_id="createView",
    response_model=View,
    status_code=201,
    responses=responses(400, 403, 503),
)
def create_view(caller: CallerOf, views: Views, asked: NewView) -> Response:
    """Keeps a view; its author is the token's name."""
    view = views.add(_content(asked), caller.name)
    audit.record_by(caller, "view.created", view_id=view.view_id, name=asked.name)
    return json_answer(_view(view), 201)


@router.put("/api/views/{view_id}", operation_id="replaceView", response_model=View, responses=_ERRORS)
def replace_view(caller: CallerOf, views: Views, view_id: str, asked: NewView) -> Response:
    """Replaces what a view says, its name included."""
    _check_own(caller, views, view_id)
    view = views.replace(view_id, _content(asked))
    audit.record_by(caller, "view.changed", view_id=view_id, name=asked.name)
    return json_answer(_view(view))


@router.delete(
    "/api/views/{view_id}",
    operation_id="deleteView",
    status_code=204,
    response_class=Response,
    responses=responses(403, 404, 503),
)
def delete_view(caller: CallerOf, views: Views, view_id: str) -> Response:
    """Deletes a view."""
    _check_own(caller, views, view_id)
    views.delete(view_id)
    audit.record_by(caller, "view.deleted", view_id=view_id)
    return Response(status_code=204)


def _check_own(caller: Caller, views: ViewKeeper, view_id: str) -> None:
    author = views.view(view_id).author
    if caller.role != "admin" and author != caller.name:
        raise ForbiddenError(
            f"The view {view_id} is by {author}, and the token '{caller.name}' changes its own alone. "
            "Save it as another one, or ask with a token of role admin."
        )


def _content(asked: NewView) -> ViewContent:
    columns = tuple(KeptColumn(column.name, column.width_px) for column in asked.columns)
    return ViewContent(asked.name, asked.experiment, asked.search, columns, asked.is_compact)


def _view(view: SavedView) -> View:
    content = view.content
    return View(
        view_id=view.view_id,
        name=content.name,
        experiment=content.experiment,
        search=content.search,
        columns=[ViewColumn(name=column.name, width_px=column.width_px) for column in content.columns],
        is_compact=content.is_compact,
        author=view.author,
        created_at_ns=str(view.created_at_ns),
        updated_at_ns=str(view.updated_at_ns),
    )
