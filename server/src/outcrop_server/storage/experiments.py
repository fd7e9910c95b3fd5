"""The storage contract's part about experiments; `storage.api` has the rest and what holds for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from outcrop_server.model.experiments import ExperimentFacts


class ExperimentStore(Protocol):
    """A place whose experiments can be made and changed. Changes are durable when their future is done."""

    def add_experiment(self, facts: ExperimentFacts, at_ns: int) -> Future[bool]:
        """Makes an experiment. False if one has this name, or had it before: then nothing is kept."""
        ...

    def edit_experiment(self, experiment_id: str, facts: ExperimentFacts) -> Future[bool]:
        """Replaces what is said of an experiment.

        After another name was given, spans that name the old one MUST still come into this experiment, and
        the old name MUST stay its own. Tokens that opened it by its old name MUST open it by both.

        Returns:
            False if there is none of this id, or the name is, or was, another one's: then nothing changes.
        """
        ...
