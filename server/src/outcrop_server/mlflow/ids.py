"""Ids at MLflow's edge: a trace is `tr-` and our hex, the experiment `0` is the one without a name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.model.errors import NotFoundError
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.model.ids import parse_trace_id
from outcrop_server.model.new_span import DEFAULT_EXPERIMENT

if TYPE_CHECKING:
    from outcrop_server.model.rows import ExperimentRow, NamedExperiment, StoredTrace
    from outcrop_server.storage.api import KeptTraces

# What clients send where nobody chose an experiment.
DEFAULT_ID = "0"


def trace_id_text(trace_id: bytes) -> str:
    """As clients write it."""
    return f"tr-{trace_id.hex()}"


def trace_id_of(text: str) -> bytes:
    """As we write it.

    Raises:
        NotFoundError: no trace of ours can have this id.
    """
    try:
        return parse_trace_id(text)
    except Exception as error:
        raise NotFoundError(f"Trace with ID '{text[:80]}' not found.") from error


def no_trace(trace_id: bytes) -> NotFoundError:
    """The error of a trace that is not there."""
    return NotFoundError(f"Trace with ID '{trace_id_text(trace_id)}' not found.")


def is_default(row: ExperimentRow | NamedExperiment) -> bool:
    """Whether it is the experiment of those who named none."""
    return DEFAULT_EXPERIMENT in {row.name, *row.former_names}


def experiment_id_text(row: ExperimentRow | NamedExperiment) -> str:
    """As clients write it."""
    return DEFAULT_ID if is_default(row) else row.experiment_id


def find_experiment(store: KeptTraces, experiment_id: str) -> ExperimentRow | None:
    """The experiment that a client means; made if it is the default one and nobody has used it."""
    found = _found(store, experiment_id)
    if found is None and experiment_id == DEFAULT_ID:
        store.add_experiment(ExperimentFacts(DEFAULT_EXPERIMENT), time.time_ns()).result()
        found = _found(store, experiment_id)
    return found


def experiment_of(store: KeptTraces, experiment_id: str) -> ExperimentRow:
    """The experiment that a client means.

    Raises:
        NotFoundError: there is none.
    """
    found = find_experiment(store, experiment_id)
    if found is None:
        raise NotFoundError(f"No Experiment with id={experiment_id[:80]} exists")
    return found


def _found(store: KeptTraces, experiment_id: str) -> ExperimentRow | None:
    rows = store.experiments()
    if experiment_id == DEFAULT_ID:
        return next((row for row in rows if is_default(row)), None)
    return next((row for row in rows if row.experiment_id == experiment_id), None)


class ExperimentIds:
    """Ids of many traces' experiments, asked for once."""

    def __init__(self, store: KeptTraces) -> None:
        self._ids = {row.experiment_id: experiment_id_text(row) for row in store.named_experiments()}

    def of(self, trace: StoredTrace) -> str:
        """The id of a trace's experiment as clients write it."""
        return self._ids.get(trace.experiment_id, trace.experiment_id)


class ExperimentNames:
    """Names by the ids that clients send with their spans.

    Kept: an experiment is never gone, and one that is called otherwise now is found by its old name, too.

    Args:
        store: where the experiments are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store
        self._names: dict[str, str] = {}

    def known(self, experiment_id: str) -> str | None:
        """The name, if it was asked for before."""
        return self._names.get(experiment_id)

    def name(self, experiment_id: str) -> str:
        """The name; may wait for the store.

        Raises:
            NotFoundError: there is no such experiment.
        """
        name = experiment_of(self._store, experiment_id).name
        self._names[experiment_id] = name
        return name
