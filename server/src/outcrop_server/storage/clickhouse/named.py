"""Experiments by their numbers, and by the names that readers ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_records, read_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.clickhouse.client import Client

# As many as this are asked for by their numbers; of more, all are read.
_FEW = 50


def every_experiment(client: Client) -> dict[int, Experiment]:
    """All of them, in the order of their numbers."""
    told = map(Experiment.read, read_records(client, EXPERIMENT).values())
    return {each.experiment_id: each for each in sorted(told, key=lambda each: each.experiment_id)}


def names_of(client: Client, numbers: Iterable[int]) -> dict[int, str]:
    """The names of experiments by their numbers."""
    wanted = set(numbers)
    if len(wanted) > _FEW:
        return {number: each.name for number, each in every_experiment(client).items()}
    told = read_some(client, EXPERIMENT, map(str, wanted)).values()
    return {each.experiment_id: each.name for each in map(Experiment.read, told)}


def number_of(client: Client, name: str) -> int | None:
    """The number of the experiment that has a name now; None if there is none."""
    return next((number for number, each in every_experiment(client).items() if each.name == name), None)
