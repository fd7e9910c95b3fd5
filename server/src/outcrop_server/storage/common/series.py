"""The names under which rollups count: so many of each experiment, then one for others. Pure.

Span names with ids in them would make a series, and rows, of each call. So an experiment whose names are
many keeps those that came first; calls of a new one count under `OTHER`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.aggregates import OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping

# An experiment's combinations of model, operation and span type. Behind so many a new one has `OTHER` for
# its operation; behind twice as many, for all three.
MAX_SERIES = 1_000

# Experiment, kind, model, operation, span type.
Series = tuple[int, int, str, str, str]


def shared(series: Series) -> tuple[Series, Series]:
    """The series under which a call counts that has none of its own: with its model and type, and without."""
    experiment_id, kind, model, _, span_type = series
    return (experiment_id, kind, model, OTHER, span_type), (experiment_id, kind, OTHER, OTHER, OTHER)


def number_among(known: Mapping[Series, int], series: Series) -> int | None:
    """The number under which a series counts, of those that there are; None if there is none."""
    return next((known[each] for each in (series, *shared(series)) if each in known), None)
