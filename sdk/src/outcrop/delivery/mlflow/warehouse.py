"""The SQL warehouse that reads tables of Unity Catalog: which one, and that it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.exceptions import ConfigurationError
from outcrop.json_reading import as_text

WAREHOUSE = "MLFLOW_TRACING_SQL_WAREHOUSE_ID"
_STARTS = "MLFLOW_SQL_WAREHOUSE_AUTO_START"
_PATIENCE = "MLFLOW_SQL_WAREHOUSE_AUTO_START_TIMEOUT_SECONDS"
_DEFAULT_PATIENCE_S = "1200"
_NO = frozenset({"false", "0"})
_RUNS, _GONE = "RUNNING", frozenset({"DELETED", "DELETING"})
_KNOWN_FOR_S = 60.0
_POLL_S = 2.0


class Warehouse:
    """The one that the environment names, if it names one."""

    def __init__(
        self,
        rest: MlflowRest,
        environment: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`rest` is the workspace."""
        self._rest = rest
        self._given = os.environ if environment is None else environment
        self._sleep = sleep
        self._running_until: dict[str, float] = {}

    def query(self) -> dict[str, str]:
        """How a question names it; empty where none is named, and the workspace may find one itself.

        Raises:
            ConfigurationError: the environment says no number of seconds.
            RefusedError: it does not run, and does not start.
            NoAnswerError: nothing answers.
        """
        name = self._given.get(WAREHOUSE, "").strip()
        if not name:
            return {}
        starts = self._given.get(_STARTS, "").strip().lower() not in _NO
        if starts and time.monotonic() >= self._running_until.get(name, 0.0):
            self._see_that_it_runs(name)
            self._running_until[name] = time.monotonic() + _KNOWN_FOR_S
        return {"sql_warehouse_id": name}

    def _see_that_it_runs(self, name: str) -> None:
        route = f"/api/2.0/sql/warehouses/{quote(name, safe='')}"
        try:
            if as_text(self._rest.get(route).get("state")) != _RUNS:
                self._start(route)
        except RefusedError as error:
            # Its own status would be taken for that of what was to be asked.
            raise RefusedError(
                f"that the SQL warehouse {name} cannot be had: {error}; set {WAREHOUSE} to one that you may "
                f"use, or {_STARTS}=false to ask without looking at it"
            ) from error

    def _start(self, route: str) -> None:
        patience_s = self._patience_s()
        self._rest.send("POST", f"{route}/start", {})
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            state = as_text(self._rest.get(route).get("state"))
            if state == _RUNS:
                return
            if state in _GONE:
                raise RefusedError("it is deleted")
            self._sleep(_POLL_S)
        raise RefusedError(f"it does not run after {patience_s:.0f} s")

    def _patience_s(self) -> float:
        given = self._given.get(_PATIENCE, "").strip() or _DEFAULT_PATIENCE_S
        if not given.isdecimal():
            raise ConfigurationError(f"{_PATIENCE} is {given!r}: give whole seconds.")
        return float(given)
