"""The SQL warehouse that reads tables: named, started, waited for, and one line where it cannot be had."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import pytest

from outcrop.delivery.connection import Connection
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError, Site
from outcrop.delivery.mlflow.warehouse import Warehouse
from outcrop.exceptions import ConfigurationError
from sdk.tests.delivery.http_double import Answer, Asked, HttpDouble

NAMED = {"MLFLOW_TRACING_SQL_WAREHOUSE_ID": "w-1"}
ROUTE = "/api/2.0/sql/warehouses/w-1"


@contextmanager
def _warehouse(
    answer: Callable[[Asked], Answer], given: Mapping[str, str]
) -> Generator[tuple[Warehouse, HttpDouble], None, None]:
    with HttpDouble(answer) as double:
        rest = MlflowRest(Connection(double.url), Site("the workspace"))
        try:
            yield Warehouse(rest, given, sleep=_no_sleep), double
        finally:
            rest.close()


def _no_sleep(_: float) -> None:
    """Waits for nothing."""


def _in_turn(*states: str) -> Callable[[Asked], Answer]:
    left = list(states)

    def answer(asked: Asked) -> Answer:
        state = left[0] if asked.method == "POST" or len(left) == 1 else left.pop(0)
        return Answer(200, json.dumps({"state": state}).encode())

    return answer


def _refused(status: int, error_code: str) -> Callable[[Asked], Answer]:
    return lambda _: Answer(status, json.dumps({"error_code": error_code, "message": "No."}).encode())


def _asked(double: HttpDouble) -> list[str]:
    return [f"{each.method} {each.path}" for each in double.asked]


def test_none_is_named_and_none_is_looked_at() -> None:
    with _warehouse(_in_turn("RUNNING"), {}) as (warehouse, double):
        assert warehouse.query() == {}
        assert _asked(double) == []


def test_one_that_runs_is_looked_at_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with _warehouse(_in_turn("RUNNING"), NAMED) as (warehouse, double):
        assert [warehouse.query(), warehouse.query()] == [{"sql_warehouse_id": "w-1"}] * 2
        assert _asked(double) == [f"GET {ROUTE}"]
    monkeypatch.setattr("outcrop.delivery.mlflow.warehouse._KNOWN_FOR_S", 0.0)
    with _warehouse(_in_turn("RUNNING"), NAMED) as (warehouse, double):
        assert [warehouse.query(), warehouse.query()] == [{"sql_warehouse_id": "w-1"}] * 2
        assert _asked(double) == [f"GET {ROUTE}"] * 2


def test_one_that_is_stopped_is_started_and_waited_for() -> None:
    with _warehouse(_in_turn("STOPPED", "STARTING", "STARTING", "RUNNING"), NAMED) as (warehouse, double):
        assert warehouse.query() == {"sql_warehouse_id": "w-1"}
        assert _asked(double) == [f"GET {ROUTE}", f"POST {ROUTE}/start", *[f"GET {ROUTE}"] * 3]


def test_nobody_looks_where_that_is_not_wanted() -> None:
    given = {**NAMED, "MLFLOW_SQL_WAREHOUSE_AUTO_START": "False"}
    with _warehouse(_in_turn("STOPPED"), given) as (warehouse, double):
        assert warehouse.query() == {"sql_warehouse_id": "w-1"}
        assert _asked(double) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (_in_turn("STOPPED", "DELETED"), "it is deleted"),
        (_in_turn("STOPPED"), "it does not run after 0 s"),
        (_refused(403, "PERMISSION_DENIED"), "HTTP 403"),
        (_refused(404, "RESOURCE_DOES_NOT_EXIST"), "HTTP 404"),
    ],
)
def test_one_that_cannot_be_had_is_said_in_one_line(answer: Callable[[Asked], Answer], said: str) -> None:
    patience = "0" if "0 s" in said else "60"
    given = {**NAMED, "MLFLOW_SQL_WAREHOUSE_AUTO_START_TIMEOUT_SECONDS": patience}
    with _warehouse(answer, given) as (warehouse, _), pytest.raises(RefusedError) as caught:
        warehouse.query()
    line = str(caught.value)
    assert f"the SQL warehouse w-1 cannot be had: {said}" in line
    assert "set MLFLOW_TRACING_SQL_WAREHOUSE_ID to one that you may use" in line
    assert "\n" not in line
    # The trace that was asked for is not what is missing.
    assert not caught.value.is_missing


def test_a_patience_that_is_no_number_is_said() -> None:
    given = {**NAMED, "MLFLOW_SQL_WAREHOUSE_AUTO_START_TIMEOUT_SECONDS": "long"}
    with (
        _warehouse(_in_turn("STOPPED"), given) as (warehouse, double),
        pytest.raises(ConfigurationError, match="give whole seconds"),
    ):
        warehouse.query()
    assert f"POST {ROUTE}/start" not in _asked(double)
