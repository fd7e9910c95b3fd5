"""Experiments as rows. Their counts are kept by `sums`, with the numbers of traces."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from outcrop_server.model.rows import ExperimentRow, NamedExperiment
from outcrop_server.storage.postgresql.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.storage.postgresql.connections import Connection

_SELECT = """
    SELECT experiment_id, name, created_at_ns, trace_count, error_count, description, archived_at_ns,
        retention,
        ARRAY(SELECT former_name.name FROM former_name
            WHERE former_name.experiment_id = experiment.experiment_id ORDER BY name)
    FROM experiment ORDER BY name
"""
_SELECT_LAST = """
    SELECT wanted.experiment_id, (SELECT start_time_ns FROM trace
        WHERE trace.experiment_id = wanted.experiment_id AND {within}
        ORDER BY start_time_ns DESC, trace_id DESC LIMIT 1)
    FROM unnest(%s::bigint[]) AS wanted (experiment_id)
"""
_FIND = """
    SELECT name, experiment_id FROM experiment WHERE name = ANY(%(names)s::text[])
    UNION ALL SELECT name, experiment_id FROM former_name WHERE name = ANY(%(names)s::text[])
"""
_MAKE = """
    INSERT INTO experiment (name, created_at_ns)
    SELECT name, %s FROM unnest(%s::text[]) AS made (name) ORDER BY name ON CONFLICT (name) DO NOTHING
"""
_INSERT = """
    INSERT INTO experiment (name, created_at_ns, description, archived_at_ns, retention)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT (name) DO NOTHING
"""
_UPDATE = """
    UPDATE experiment SET (name, description, archived_at_ns, retention) = (%s, %s, %s, %s)
    WHERE experiment_id = %s
"""
_SELECT_NAMED = """
    SELECT experiment_id, name, ARRAY(SELECT former_name.name FROM former_name
        WHERE former_name.experiment_id = experiment.experiment_id ORDER BY name)
    FROM experiment
"""
_SELECT_NAME = "SELECT name FROM experiment WHERE experiment_id = %s"
_SELECT_SCOPES = "SELECT token_id, experiments FROM access_token WHERE experiments IS NOT NULL"
_UPDATE_SCOPE = "UPDATE access_token SET experiments = %s WHERE token_id = %s"
# Numbers that no experiment has are no error, however long.
_MOST_DIGITS = 18


def read_experiments(connection: Connection) -> list[ExperimentRow]:
    """Every experiment, that of the newest trace first; to be called within a snapshot."""
    rows: list[tuple[Any, ...]] = connection.execute(_SELECT).fetchall()
    last_ns = _last_starts(connection, [row[0] for row in rows if row[3]])
    found: list[ExperimentRow] = []
    for number, name, created, traces, errors, description, archived, retention, former in rows:
        last = last_ns.get(number)
        names = tuple(former)
        found.append(
            ExperimentRow(
                str(number), name, created, traces, errors, last, description, archived, retention, names
            )
        )
    # Those that have none stay behind, by name.
    return sorted(found, key=lambda row: (row.last_trace_at_ns is None, -(row.last_trace_at_ns or 0)))


def read_named_experiments(connection: Connection) -> list[NamedExperiment]:
    """What every experiment is known by."""
    rows: list[tuple[Any, ...]] = connection.execute(_SELECT_NAMED).fetchall()
    return [NamedExperiment(str(number), name, tuple(former)) for number, name, former in rows]


def _last_starts(connection: Connection, numbers: list[int]) -> dict[int, int]:
    """When the newest traces of some experiments began that have any."""
    found: dict[int, int] = {}
    left = numbers
    for stretch in stretches(connection, None, is_newest_first=True):
        if not left:
            break
        text, bounds = stretch.sql()
        statement = _SELECT_LAST.format(within=text)
        rows: list[tuple[int, int | None]] = connection.execute(
            statement.encode(), (*bounds, left)
        ).fetchall()
        found |= {number: start_ns for number, start_ns in rows if start_ns is not None}
        left = [number for number, start_ns in rows if start_ns is None]
    return found


def find_experiments(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The numbers of the experiments that have some names, or had them."""
    rows: list[tuple[Any, ...]] = connection.execute(_FIND, {"names": list(names)}).fetchall()
    return dict(rows)


class ExperimentNumbers:
    """Finds and makes experiments by the names that spans say; by one thread.

    A name never goes from one experiment to another, so what is remembered stays right.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def forget(self) -> None:
        """Drops what it remembers: it may be another database that is spoken to from now on."""
        self._numbers.clear()

    def prepare(self, connection: Connection, names: Iterable[str], lock: int) -> None:
        """Makes those that are not there, in a transaction of its own.

        Args:
            connection: in no transaction.
            names: of experiments.
            lock: that of what all writers share, so that nobody gives one a name that another is given.
        """
        missing = [name for name in names if name not in self._numbers]
        if not missing:
            return
        self._numbers |= find_experiments(connection, missing)
        if any(name not in self._numbers for name in missing):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
                self._make(connection, missing)

    def number(self, connection: Connection, name: str) -> int:
        """The number of the experiment of a name."""
        known = self._numbers.get(name)
        if known is None:
            self._make(connection, [name])
            known = self._numbers[name]
        return known

    def _make(self, connection: Connection, names: list[str]) -> None:
        found = find_experiments(connection, names)
        new = [name for name in names if name not in found]
        if new:
            connection.execute(_MAKE, (time.time_ns(), new))
            found |= find_experiments(connection, new)
        self._numbers |= found


def insert_experiment(connection: Connection, facts: ExperimentFacts, at_ns: int) -> bool:
    """Makes an experiment; False if its name is taken."""
    if find_experiments(connection, [facts.name]):
        return False
    values = (facts.name, at_ns, facts.description, facts.archived_at_ns, facts.retention)
    return connection.execute(_INSERT, values).rowcount > 0


def update_experiment(connection: Connection, experiment_id: str, facts: ExperimentFacts) -> bool:
    """Replaces what is said of an experiment; False if there is none of this id, or its name is taken."""
    is_number = experiment_id.isdecimal() and len(experiment_id) <= _MOST_DIGITS
    number = int(experiment_id) if is_number else -1
    found = connection.execute(_SELECT_NAME, (number,)).fetchone()
    owner = find_experiments(connection, [facts.name]).get(facts.name, number)
    if found is None or owner != number:
        return False
    (before,) = found
    values = (facts.name, facts.description, facts.archived_at_ns, facts.retention, number)
    connection.execute(_UPDATE, values)
    if facts.name != before:
        connection.execute("DELETE FROM former_name WHERE name = %s", (facts.name,))
        connection.execute("INSERT INTO former_name VALUES (%s, %s)", (before, number))
        _widen_tokens(connection, before, facts.name)
    return True


def _widen_tokens(connection: Connection, before: str, after: str) -> None:
    for token_id, text in connection.execute(_SELECT_SCOPES).fetchall():
        names: list[str] = json.loads(text, strict=False)
        if before in names and after not in names:
            widened = json.dumps([*names, after], ensure_ascii=False)
            connection.execute(_UPDATE_SCOPE, (widened, token_id))
