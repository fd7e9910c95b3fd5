"""Experiments over HTTP: made, renamed, described, archived and limited, and by whom; sizes and prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.configuration.retention import RetentionRules
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import START_NS, otlp_span, request, trace_id
from server.tests.support.tokens import bearer, make

MODEL = "amazon.nova-pro-v1:0"


def sent(
    server: BackgroundServer, number: int, experiment: str, headers: dict[str, str] | None = None
) -> int:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": MODEL,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
    }
    span = otlp_span(
        number,
        trace=trace_id(number),
        attributes=attributes,
        start_time_unix_nano=START_NS,
        end_time_unix_nano=START_NS + 10,
    )
    body = request(span, resource={"outcrop.experiment.name": experiment})
    return send(server.url, body, **(headers or {})).status


def call(
    server: BackgroundServer, method: str, path: str, body: Any = None, token: str | None = None
) -> Answer:
    headers = {"content-type": "application/json", **({} if token is None else bearer(token))}
    data = None if body is None else json.dumps(body).encode()
    return ask(server.url, path, method=method, body=data, headers=headers)


def listed(server: BackgroundServer, token: str | None = None) -> dict[str, dict[str, Any]]:
    found = call(server, "GET", "/api/experiments", token=token).json["experiments"]
    return {each["name"]: each for each in found}


def path_of(server: BackgroundServer, name: str, token: str | None = None) -> str:
    return f"/api/experiments/{listed(server, token)[name]['experiment_id']}"


def test_an_experiment_is_made_described_archived_and_taken_back(server: BackgroundServer) -> None:
    made = call(server, "POST", "/api/experiments", {"name": " checkout ", "description": "The shop"})
    assert made.status == 201
    assert (made.json["name"], made.json["description"], made.json["trace_count"]) == (
        "checkout",
        "The shop",
        0,
    )
    again = call(server, "POST", "/api/experiments", {"name": "checkout"})
    assert (again.status, "there is one already" in again.detail) == (400, True)
    path = path_of(server, "checkout")
    away = call(server, "PATCH", path, {"is_archived": True}).json
    assert away["archived_at_ns"] is not None
    # What is left out stays, and putting it away twice changes nothing.
    assert call(server, "PATCH", path, {"is_archived": True}).json == away
    assert sent(server, 1, "checkout") == 200
    back = call(server, "PATCH", path, {"is_archived": False, "description": ""}).json
    assert (back["archived_at_ns"], back["description"], back["trace_count"]) == (None, "", 1)
    assert call(server, "PATCH", "/api/experiments/999", {"description": "x"}).status == 404
    assert call(server, "PATCH", path, {"name": " "}).status == 400


def test_under_its_old_name_an_experiment_is_sent_to_listed_and_searched(server: BackgroundServer) -> None:
    assert sent(server, 1, "old") == 200
    call(server, "PATCH", path_of(server, "old"), {"name": "new"})
    assert sent(server, 2, "old") == 200
    assert listed(server)["new"]["trace_count"] == 2
    assert listed(server)["new"]["former_names"] == ["old"]
    for query in ("experiment=old", "experiment=new", "experiment=old&filter=name%20LIKE%20%27%25%27"):
        assert len(call(server, "GET", f"/api/traces?{query}").json["traces"]) == 2, query
    taken = call(server, "POST", "/api/experiments", {"name": "old"})
    assert (taken.status, "it was a name of 'new'" in taken.detail) == (400, True)


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    store = tmp_path / "data" / "outcrop.db"
    return {
        "root": make(store, "root", "admin"),
        "part": make(store, "part", "admin", "a"),
        "read": make(store, "read", "read", "a"),
        "write": make(store, "write", "write", "a"),
    }


def test_roles_and_scopes_hold_for_experiments(tokens: dict[str, str], start_server: StartServer) -> None:
    server = start_server()
    root, part, read = tokens["root"], tokens["part"], tokens["read"]
    for number, name in ((1, "a"), (2, "b")):
        assert sent(server, number, name, {"authorization": f"Bearer {root}"}) == 200
    a, b = path_of(server, "a", root), path_of(server, "b", root)
    assert call(server, "PATCH", a, {"description": "x"}, read).status == 403
    assert call(server, "POST", "/api/experiments", {"name": "c"}, read).status == 403
    assert call(server, "PATCH", a, {"description": "x"}, part).json["description"] == "x"
    for method, path, body in (("POST", "/api/experiments", {"name": "c"}), ("PATCH", a, {"name": "c"})):
        refused = call(server, method, path, body, part)
        assert (refused.status, "for some experiments alone" in refused.detail) == (403, True)
    for path in (b, f"{b}/size"):
        assert call(server, "GET" if "size" in path else "PATCH", path, {}, part).status == 404
    assert call(server, "GET", f"{a}/size", token=read).json["kept_bytes"] > 0
    assert [
        each["name"] for each in call(server, "GET", "/api/retention", token=read).json["experiments"]
    ] == ["a"]
    assert call(server, "GET", "/api/store", token=read).status == 403
    assert call(server, "GET", "/api/store", token=root).json["trace_count"] == 2

    # After another name the tokens of the old one go on as before.
    assert call(server, "PATCH", a, {"name": "z"}, root).status == 200
    assert list(listed(server, read)) == ["z"]
    assert sent(server, 3, "a", {"authorization": f"Bearer {tokens['write']}"}) == 200
    assert listed(server, read)["z"]["trace_count"] == 2


def test_limits_are_said_of_an_experiment_and_an_option_goes_before_them(start_server: StartServer) -> None:
    rules = RetentionRules().read("b: age=8d,*: traces=9")
    server = start_server(retain_experiments=rules, retain_bytes=10**12)
    for number, name in ((1, "a"), (2, "b"), (3, "c")):
        assert sent(server, number, name) == 200
    limits = {"is_kept": False, "max_age": None, "max_traces": 5, "max_bytes": 10**9}
    for name in ("a", "b"):
        assert call(server, "PATCH", path_of(server, name), {"retention": limits}).status == 200
    answer = call(server, "GET", "/api/retention").json
    assert answer["general"]["max_bytes"] == 10**12
    # A file's store keeps no days apart.
    assert answer["ages_by_days"] is False
    found = {each["name"]: each for each in answer["experiments"]}
    assert (found["a"]["own"], found["a"]["in_force"], found["a"]["source"]) == (limits, limits, "page")
    assert (found["b"]["own"], found["b"]["in_force"]["max_age"], found["b"]["source"]) == (
        limits,
        "8d",
        "option",
    )
    assert (found["c"]["own"], found["c"]["in_force"]["max_traces"], found["c"]["source"]) == (
        None,
        9,
        "option",
    )
    call(server, "PATCH", path_of(server, "a"), {"retention": None})
    call(server, "PATCH", path_of(server, "c"), {"retention": {"is_kept": True}})
    found = {each["name"]: each for each in call(server, "GET", "/api/retention").json["experiments"]}
    assert (found["a"]["own"], found["c"]["in_force"]["is_kept"]) == (None, True)
    wrong = call(server, "PATCH", path_of(server, "a"), {"retention": {"max_age": "soon"}})
    assert wrong.status == 400


def test_prices_are_those_of_the_models_that_were_asked_and_the_own_table(
    start_server: StartServer, tmp_path: Path
) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"my-model*": {"input": 2, "output": 8}, "profiles": {"arn:x": MODEL}}))
    server = start_server(prices=file)
    assert sent(server, 1, "a") == 200
    answer = call(server, "GET", "/api/prices").json
    assert answer["own"] == [
        {"key": "my-model*", "input": 2.0, "output": 8.0, "cache_read": None, "cache_write": None}
    ]
    assert answer["profiles"] == {"arn:x": MODEL}
    (model,) = answer["models"]
    assert (model["model"], model["calls"]) == (MODEL, 1)
    assert model["source"].startswith("genai-prices ")
    assert model["input"] > 0
    store = call(server, "GET", "/api/store").json
    assert (store["trace_count"], store["experiment_count"], store["faults"]) == (1, 1, [])
    assert store["file_bytes"] + store["log_bytes"] > 0
    assert (store["engine"].split()[0], store["is_file"]) == ("SQLite", True)
