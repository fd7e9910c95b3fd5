"""Experiments as rows, with what rollups say of their traces."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.rows import ExperimentRow
from outcrop_server.storage.clickhouse.facts import VERSION
from outcrop_server.storage.clickhouse.listing import BY_DAYS
from outcrop_server.storage.clickhouse.windows import within
from outcrop_server.storage.common.rollup_deltas import TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.facts import Facts

_WIDEST, _NARROWEST = LEVELS_S[-1], LEVELS_S[0]
_NS_IN_S = 1_000_000_000
# How many traces an experiment has, how many failed, and which is the last widest step in which one began.
_COUNTS = (
    "SELECT experiment_id, sum(traces), sum(failed), maxIf(bucket_s, traces > 0) "
    "FROM (SELECT experiment_id, bucket_s, sum(count) AS traces, sum(errors) AS failed FROM rollup "
    f"WHERE level_s = {_WIDEST} AND kind = {TRACES} GROUP BY experiment_id, bucket_s) GROUP BY experiment_id"
)
# In which of its narrowest steps the last one began.
_MINUTES = (
    "SELECT experiment_id, max(bucket_s) FROM (SELECT experiment_id, bucket_s FROM rollup "
    f"WHERE level_s = {_NARROWEST} AND kind = {TRACES} AND (%s) "
    "GROUP BY experiment_id, bucket_s HAVING sum(count) > 0) GROUP BY experiment_id"
)


def read_experiments(facts: Facts) -> list[ExperimentRow]:
    """Every experiment, that of the newest trace first."""
    client = facts.client
    found = client.query(f"SELECT *, {VERSION} FROM ({_COUNTS})")
    told = (facts.at(found[0][-1]) if found else facts.now()).experiments
    counts = {number: (int(traces), int(errors)) for number, traces, errors, *_ in found}
    last_ns = _last_starts(client, {number: step for number, traces, _, step, _ in found if traces > 0})
    rows = [
        ExperimentRow(
            str(number),
            each.name,
            each.created_at_ns,
            *counts.get(number, (0, 0)),
            last_ns.get(number),
            each.description,
            each.archived_at_ns,
            each.retention,
            each.former_names,
        )
        for number, each in told.items()
    ]
    # Those that have none stay behind, by name.
    return sorted(
        rows, key=lambda row: (row.last_trace_at_ns is None, -(row.last_trace_at_ns or 0), row.name)
    )


def _last_starts(client: Client, steps: dict[int, int]) -> dict[int, int]:
    """When the newest traces of some experiments began, by the widest steps in which these lie."""
    if not steps:
        return {}
    minutes: dict[int, int] = dict(client.query(_MINUTES % _within(steps, "bucket_s", _WIDEST, 1)))
    if not minutes:
        return {}
    days = within(min(minutes.values()) * _NS_IN_S, (max(minutes.values()) + _NARROWEST) * _NS_IN_S)
    steps_ns = _within(minutes, "start_time_ns", _NARROWEST, _NS_IN_S)
    newest = client.query(
        f"SELECT experiment_id, max(start_time_ns) FROM trace FINAL WHERE {days} AND ({steps_ns}) "
        "AND NOT gone GROUP BY experiment_id",
        settings=BY_DAYS,
    )
    # One may move just now: that it was there is known.
    return {number: step * _NS_IN_S for number, step in minutes.items()} | dict(newest)


def _within(steps: dict[int, int], column: str, width_s: int, unit: int) -> str:
    """That a row of an experiment lies in its step."""
    return " OR ".join(
        f"(experiment_id = {number} AND {column} >= {step * unit} AND {column} < {(step + width_s) * unit})"
        for number, step in sorted(steps.items())
    )
