"""The shapes of saved views. See `schemas` for how moments are written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from outcrop_server.api.judging_schemas import Name
from outcrop_server.api.schemas import ApiModel

# A filter has at most 9,000 characters.
Searched = Annotated[str, StringConstraints(max_length=9000)]
Word = Annotated[str, StringConstraints(pattern="^[A-Za-z_]{1,40}$")]


class ViewColumn(ApiModel):
    """A column of the list."""

    name: Word
    width_px: int | None = Field(None, ge=16, le=4000, description="Null for its usual width.")


class NewView(ApiModel):
    """A view of the trace list that is to be kept."""

    name: Name
    experiment: Name | None = Field(None, description="Its name; null for all.")
    search: dict[Word, Searched] = Field(
        default_factory=dict,
        max_length=20,
        description="What stands in the page's address: `filter`, `order`, `range`, `from`, `to`.",
    )
    columns: list[ViewColumn] = Field(max_length=50, description="In their order.")
    is_compact: bool = Field(False, description="Rows of one line.")


class View(NewView):
    """A view as it is kept."""

    view_id: str
    author: str
    created_at_ns: str
    updated_at_ns: str


class ViewList(ApiModel):
    """Every view, in the order in which they were made."""

    views: list[View]
