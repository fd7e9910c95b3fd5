"""Experiments of an MLflow server or workspace by name: found, or made when the first trace comes."""

from __future__ import annotations

import time

from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.json_reading import as_object, as_text

_ROUTE = "/api/2.0/mlflow/experiments"
_EXISTS = "RESOURCE_ALREADY_EXISTS"
_REFUSED_S = 10.0


class Experiments:
    """The ids that are known so far."""

    def __init__(self, rest: MlflowRest) -> None:
        """Asks `rest` about each name once."""
        self._rest = rest
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        # A batch that is refused is divided down to single spans, each of which would ask again.
        self._refused: dict[str, tuple[float, RefusedError]] = {}

    def id_of(self, name: str) -> str:
        """The id of an experiment, which is made if there is none.

        Raises:
            RefusedError: it cannot be had.
            NoAnswerError: nothing answers.
        """
        known = self._ids.get(name)
        if known is not None:
            return known
        until, refusal = self._refused.get(name, (0.0, None))
        if refusal is not None and time.monotonic() < until:
            raise refusal
        try:
            known = self._ids[name] = self.find(name) or self._make(name)
        except RefusedError as error:
            if error.is_final:
                self._refused[name] = time.monotonic() + _REFUSED_S, error
            raise
        return known

    def find(self, name: str) -> str | None:
        """The id of an experiment; None if there is none. Raises as `id_of` does."""
        try:
            answer = self._rest.get(f"{_ROUTE}/get-by-name", {"experiment_name": name})
        except RefusedError as error:
            if error.is_missing:
                return None
            raise
        found = as_object(answer.get("experiment"))
        if found.get("lifecycle_stage") == "deleted":
            raise RefusedError(
                f"the experiment {name!r} is deleted there: restore it, or name another by "
                "outcrop.set_experiment",
                is_final=True,
            )
        return as_text(found.get("experiment_id"))

    def find_any(self, name_or_id: str) -> str | None:
        """The same by name or id, for those who read."""
        if name_or_id.isdecimal() and self.name_of(name_or_id):
            return name_or_id
        return self.find(name_or_id)

    def name_of(self, experiment_id: str) -> str:
        """The name of an experiment; empty if there is none. Raises as `id_of` does."""
        if experiment_id not in self._names:
            try:
                answer = self._rest.get(f"{_ROUTE}/get", {"experiment_id": experiment_id})
            except RefusedError as error:
                if error.is_missing or error.is_final:
                    return ""
                raise
            self._names[experiment_id] = as_text(as_object(answer.get("experiment")).get("name")) or ""
        return self._names[experiment_id]

    def forget(self, name: str) -> None:
        """It may be another one by now."""
        self._ids.pop(name, None)

    def _make(self, name: str) -> str:
        if self._rest.site.is_databricks and not name.startswith("/"):
            raise RefusedError(
                f"a workspace has no experiment {name!r}: name one by its path, such as "
                "outcrop.set_experiment('/Shared/my-experiment')",
                is_final=True,
            )
        try:
            answer = self._rest.send("POST", f"{_ROUTE}/create", {"name": name})
        except RefusedError as error:
            # Another program may have made it in this moment.
            found = self.find(name) if error.error_code == _EXISTS else None
            if found is None:
                raise
            return found
        made = as_text(answer.get("experiment_id"))
        if made is None:
            raise RefusedError(f"the experiment {name!r} could not be made there: the answer names no id")
        return made
