"""Saved views over HTTP: everybody finds them, readers change their own, scopes hide what is not theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.tokens import bearer, make

VIEW: dict[str, Any] = {
    "name": "Slow",
    "experiment": "a",
    "search": {"filter": "latency > 2s", "order": "cost DESC", "range": "7d"},
    "columns": [{"name": "time", "width_px": None}, {"name": "cost", "width_px": 90}],
    "is_compact": True,
}


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    store = tmp_path / "data" / "outcrop.db"
    return {
        "ann": make(store, "ann", "read"),
        "bob": make(store, "bob", "read"),
        "root": make(store, "root", "admin"),
        "part": make(store, "part", "read", "b"),
    }


@pytest.fixture
def guarded(tokens: dict[str, str], start_server: StartServer) -> BackgroundServer:
    server = start_server()
    for number, experiment in ((1, "a"), (2, "b")):
        body = request(
            otlp_span(number, trace=trace_id(number)), resource={"outcrop.experiment.name": experiment}
        )
        assert send(server.url, body, authorization=f"Bearer {tokens['root']}").status == 200
    return server


def call(server: BackgroundServer, token: str, method: str, path: str = "", body: Any = None) -> Answer:
    headers = {"content-type": "application/json", **bearer(token)}
    data = None if body is None else json.dumps(body).encode()
    return ask(server.url, f"/api/views{path}", method=method, body=data, headers=headers)


def names(server: BackgroundServer, token: str) -> list[str]:
    return [view["name"] for view in call(server, token, "GET").json["views"]]


def test_a_view_is_kept_for_everybody_as_it_was_saved(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    made = call(guarded, tokens["ann"], "POST", body=VIEW)
    assert made.status == 201
    assert made.json["author"] == "ann"
    (found,) = call(guarded, tokens["bob"], "GET").json["views"]
    assert found == made.json
    assert {key: found[key] for key in VIEW} == VIEW


def test_a_reader_changes_its_own_alone_and_an_admin_any(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    path = f"/{call(guarded, tokens['ann'], 'POST', body=VIEW).json['view_id']}"
    for method, body in (("PUT", {**VIEW, "name": "Mine"}), ("DELETE", None)):
        refused = call(guarded, tokens["bob"], method, path, body)
        assert (refused.status, "is by ann" in refused.detail) == (403, True)
    assert call(guarded, tokens["ann"], "PUT", path, {**VIEW, "name": "Mine"}).json["name"] == "Mine"
    assert call(guarded, tokens["root"], "PUT", path, {**VIEW, "name": "Ours"}).json["author"] == "ann"
    assert names(guarded, tokens["bob"]) == ["Ours"]
    assert call(guarded, tokens["ann"], "DELETE", path).status == 204
    assert call(guarded, tokens["ann"], "DELETE", path).status == 404
    assert names(guarded, tokens["bob"]) == []


def test_a_token_of_some_experiments_sees_and_makes_views_of_those_alone(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    made = {
        experiment: call(
            guarded,
            tokens["ann"],
            "POST",
            body={**VIEW, "experiment": experiment, "name": f"of {experiment}"},
        ).json
        for experiment in ("a", None, "b")
    }
    foreign = f"/{made['a']['view_id']}"
    assert names(guarded, tokens["part"]) == ["of b"]
    for method in ("PUT", "DELETE"):
        assert call(guarded, tokens["part"], method, foreign, VIEW).status == 404
    refused = call(guarded, tokens["part"], "POST", body=VIEW)
    assert (refused.status, "There is no experiment 'a' here" in refused.detail) == (400, True)
    unnamed = call(guarded, tokens["part"], "POST", body={**VIEW, "experiment": None})
    assert (unnamed.status, "name one of them" in unnamed.detail) == (400, True)
    assert call(guarded, tokens["part"], "POST", body={**VIEW, "experiment": "b"}).status == 201


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"columns": [{"name": "<script>"}]},
        {"search": {"filter": "x" * 9001}},
        {"columns": [{"name": "time", "width_px": 1}]},
    ],
)
def test_what_is_no_view_is_refused(
    guarded: BackgroundServer, tokens: dict[str, str], change: dict[str, Any]
) -> None:
    assert call(guarded, tokens["root"], "POST", body={**VIEW, **change}).status == 400
    assert names(guarded, tokens["root"]) == []
