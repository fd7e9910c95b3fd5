"""Making and changing experiments: says what is not there, and which name is taken."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from outcrop_server.model.errors import BadRequestError, NotFoundError
from outcrop_server.model.experiments import ExperimentFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.rows import ExperimentRow
    from outcrop_server.storage.api import KeptTraces


class ExperimentKeeper:
    """Makes and changes experiments. Each change is durable when its method returns.

    Args:
        store: where they are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def experiment(self, experiment_id: str) -> ExperimentRow:
        """One experiment.

        Raises:
            NotFoundError: there is none of this id.
        """
        for row in self._store.experiments():
            if row.experiment_id == experiment_id:
                return row
        raise NotFoundError(f"There is no experiment with the id {experiment_id[:80]}.")

    def add(self, facts: ExperimentFacts) -> ExperimentRow:
        """Makes one.

        Raises:
            BadRequestError: its name is taken.
        """
        if not self._store.add_experiment(facts, time.time_ns()).result():
            raise self._taken(facts.name)
        return next(row for row in self._store.experiments() if row.name == facts.name)

    def edit(self, experiment_id: str, change: Callable[[ExperimentFacts], ExperimentFacts]) -> ExperimentRow:
        """Changes what is said of one.

        Raises:
            NotFoundError: there is none of this id.
            BadRequestError: its new name is taken.
        """
        row = self.experiment(experiment_id)
        before = ExperimentFacts(row.name, row.description, row.archived_at_ns, row.retention)
        facts = change(before)
        if not self._store.edit_experiment(experiment_id, facts).result():
            self.experiment(experiment_id)
            raise self._taken(facts.name)
        return self.experiment(experiment_id)

    def _taken(self, name: str) -> BadRequestError:
        owner = next((row.name for row in self._store.experiments() if name in row.former_names), None)
        why = "there is one already" if owner is None else f"it was a name of '{owner[:80]}', and leads there"
        return BadRequestError(f"An experiment cannot be called '{name[:80]}': {why}.")


def archived(facts: ExperimentFacts, *, is_archived: bool) -> ExperimentFacts:
    """The same, put away now or taken back."""
    if is_archived is (facts.archived_at_ns is not None):
        return facts
    return replace(facts, archived_at_ns=time.time_ns() if is_archived else None)
