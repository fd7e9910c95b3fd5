"""What is said of experiments, as records; `memory` knows them all in a commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse import tokens
from outcrop_server.storage.clickhouse.memory import Experiment

if TYPE_CHECKING:
    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.storage.clickhouse.writer import Writer


def insert_experiment(writer: Writer, facts: ExperimentFacts, at_ns: int) -> bool:
    """Makes an experiment; False if its name is taken."""
    if writer.memory.number_of(facts.name) is not None:
        return False
    made = Experiment(
        writer.memory.next_number(),
        facts.name,
        at_ns,
        facts.description,
        facts.archived_at_ns,
        facts.retention,
    )
    writer.put_experiment(made)
    return True


def update_experiment(writer: Writer, experiment_id: str, facts: ExperimentFacts) -> bool:
    """Replaces what is said of an experiment; False if there is none of this id, or its name is taken."""
    number = int(experiment_id) if experiment_id.isdecimal() and len(experiment_id) < 19 else -1  # noqa: PLR2004 - longer ones no experiment has
    before = writer.memory.experiments.get(number)
    if before is None or writer.memory.number_of(facts.name) not in {None, number}:
        return False
    former = {*before.former_names, before.name} - {facts.name}
    after = replace(
        before,
        name=facts.name,
        description=facts.description,
        archived_at_ns=facts.archived_at_ns,
        retention=facts.retention,
        former_names=tuple(sorted(former)),
    )
    writer.put_experiment(after)
    if after.name != before.name:
        tokens.widen_scopes(writer, before.name, after.name)
    return True
