"""Experiments as rows, with what rollups say of their traces."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.rows import ExperimentRow
from outcrop_server.storage.clickhouse.listing import BY_DAYS
from outcrop_server.storage.clickhouse.named import every_experiment
from outcrop_server.storage.clickhouse.windows import windows
from outcrop_server.storage.common.rollup_deltas import TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

_COUNTS = (
    f"SELECT experiment_id, sum(count), sum(errors) FROM rollup WHERE level_s = {max(LEVELS_S)} "
    f"AND kind = {TRACES} GROUP BY experiment_id"
)


def read_experiments(client: Client) -> list[ExperimentRow]:
    """Every experiment, that of the newest trace first."""
    told = every_experiment(client)
    counts = {number: (int(traces), int(errors)) for number, traces, errors in client.query(_COUNTS)}
    last_ns = _last_starts(client, {number for number, (traces, _) in counts.items() if traces > 0})
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


def _last_starts(client: Client, numbers: set[int]) -> dict[int, int]:
    """When the newest traces of some experiments began that have any."""
    found: dict[int, int] = {}
    if not numbers:
        return found
    for window in windows(client, None, len(numbers), None, is_newest_first=True):
        left = ", ".join(map(str, sorted(numbers - found.keys())))
        found |= dict(
            client.query(
                f"SELECT experiment_id, max(start_time_ns) FROM trace FINAL WHERE {window.holds} "
                f"AND experiment_id IN ({left}) AND NOT gone GROUP BY experiment_id",
                settings=BY_DAYS,
            )
        )
        if numbers <= found.keys():
            break
    return found
