"""Experiments as rows.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outcrop_server.model.rows import ExperimentRow, NamedExperiment
from outcrop_server.storage.sqlite import statements as sql

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.experiments import ExperimentFacts

_FIND_FORMER = "SELECT experiment_id FROM former_name WHERE name = ?"
_INSERT = """
    INSERT INTO experiment (name, created_at_ns, description, archived_at_ns, retention)
    VALUES (?, ?, ?, ?, ?)
"""
_UPDATE = """
    UPDATE experiment SET (name, description, archived_at_ns, retention) = (?, ?, ?, ?)
    WHERE experiment_id = ?
"""
_SELECT_NAMED = """
    SELECT experiment_id, name, (SELECT json_group_array(former_name.name) FROM former_name
        WHERE former_name.experiment_id = experiment.experiment_id) FROM experiment
"""
_SELECT_NAME = "SELECT name FROM experiment WHERE experiment_id = ?"
_SELECT_SCOPES = "SELECT token_id, experiments FROM access_token WHERE experiments IS NOT NULL"
_UPDATE_SCOPE = "UPDATE access_token SET experiments = ? WHERE token_id = ?"


def read_experiments(connection: sqlite3.Connection) -> list[ExperimentRow]:
    """Every experiment, that of the newest trace first."""
    found: list[ExperimentRow] = []
    for row in connection.execute(sql.SELECT_EXPERIMENTS):
        number, name, created, traces, errors, last, description, archived, retention, former = row
        names = tuple(json.loads(former))
        found.append(
            ExperimentRow(
                str(number), name, created, traces, errors, last, description, archived, retention, names
            )
        )
    return found


def read_named_experiments(connection: sqlite3.Connection) -> list[NamedExperiment]:
    """What every experiment is known by."""
    return [
        NamedExperiment(str(number), name, tuple(json.loads(former)))
        for number, name, former in connection.execute(_SELECT_NAMED)
    ]


def find_experiment(connection: sqlite3.Connection, name: str) -> int | None:
    """The number of the experiment that has a name, else of the one that had it."""
    for query in (sql.FIND_EXPERIMENT, _FIND_FORMER):
        found = connection.execute(query, (name,)).fetchone()
        if found is not None:
            return int(found[0])
    return None


def insert_experiment(connection: sqlite3.Connection, facts: ExperimentFacts, at_ns: int) -> bool:
    """Makes an experiment; False if its name is taken."""
    if find_experiment(connection, facts.name) is not None:
        return False
    values = (facts.name, at_ns, facts.description, facts.archived_at_ns, facts.retention)
    connection.execute(_INSERT, values)
    return True


def update_experiment(connection: sqlite3.Connection, experiment_id: str, facts: ExperimentFacts) -> bool:
    """Replaces what is said of an experiment; False if there is none of this id, or its name is taken."""
    number = int(experiment_id) if experiment_id.isdecimal() and len(experiment_id) < 19 else -1  # noqa: PLR2004
    found = connection.execute(_SELECT_NAME, (number,)).fetchone()
    if found is None or find_experiment(connection, facts.name) not in {None, number}:
        return False
    (before,) = found
    values = (facts.name, facts.description, facts.archived_at_ns, facts.retention, number)
    connection.execute(_UPDATE, values)
    if facts.name != before:
        connection.execute("DELETE FROM former_name WHERE name = ?", (facts.name,))
        connection.execute("INSERT INTO former_name VALUES (?, ?)", (before, number))
        _widen_tokens(connection, before, facts.name)
    return True


def _widen_tokens(connection: sqlite3.Connection, before: str, after: str) -> None:
    for token_id, text in connection.execute(_SELECT_SCOPES).fetchall():
        names: list[str] = json.loads(text)
        if before in names and after not in names:
            widened = json.dumps([*names, after], ensure_ascii=False)
            connection.execute(_UPDATE_SCOPE, (widened, token_id))
