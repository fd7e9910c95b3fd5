"""Saved views of the list: which traces, in which order and columns. Made by the API, kept by a store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column that the list shows; `width_px` is None for its usual width."""

    name: str
    width_px: int | None = None


@dataclass(frozen=True, slots=True)
class ViewContent:
    """What a view says, and what an edit may change.

    Attributes:
        name: what people call it; several may have the same.
        experiment: the one that it is of; None for all.
        search: what stands in the page's address beside the experiment: filter, order, stretch of time.
        columns: in their order.
        is_compact: rows of one line.
    """

    name: str
    experiment: str | None
    search: dict[str, str]
    columns: tuple[ViewColumn, ...]
    is_compact: bool


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view as it is kept.

    `view_id` is `v-` and 32 hex digits; times are nanoseconds since the epoch. `author` is the token that
    made it, or `anonymous`.
    """

    view_id: str
    content: ViewContent
    author: str
    created_at_ns: int
    updated_at_ns: int
