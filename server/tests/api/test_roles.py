"""What each role may do, through real HTTP: programs write, readers look and judge, admins do all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.access.making import revoke_token
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.conftest import StartServer
from server.tests.support.http import PROTOBUF, Answer, ask, send
from server.tests.support.spans import TRACE, otlp_span, request
from server.tests.support.tokens import bearer, make

PATH = f"/api/traces/{TRACE.hex()}"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outcrop.db"


@pytest.fixture
def tokens(store: Path) -> dict[str, str]:
    return {
        "write": make(store, "program", "write"),
        "read": make(store, "ann", "read"),
        "other": make(store, "bob", "read"),
        "admin": make(store, "root", "admin"),
    }


@pytest.fixture
def guarded(tokens: dict[str, str], start_server: StartServer) -> BackgroundServer:
    """A server that asks for tokens and has one trace."""
    server = start_server()
    sent = send(server.url, request(otlp_span(1)), authorization=f"Bearer {tokens['write']}")
    assert sent.status == 200
    return server


def call(
    server: BackgroundServer, method: str, path: str, body: Any = None, token: str | None = None
) -> Answer:
    headers = {"content-type": "application/json", **({} if token is None else bearer(token))}
    data = None if body is None else json.dumps(body).encode()
    return ask(server.url, path, method=method, body=data, headers=headers)


def feedback(**more: Any) -> dict[str, Any]:
    return {"kind": "feedback", "name": "good", "value": True, "source": {"type": "HUMAN"}, **more}


def test_the_first_token_closes_a_server_on_this_machine(guarded: BackgroundServer) -> None:
    for method, path in (("GET", "/api/traces"), ("GET", "/api/openapi.json"), ("POST", "/v1/traces")):
        answer = ask(guarded.url, path, method=method, headers={"content-type": PROTOBUF})
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "OUTCROP_TOKEN" in answer.detail
        assert "/sign-in" in answer.detail
    for path in ("/healthz", "/traces"):
        assert ask(guarded.url, path).status == 200


@pytest.mark.parametrize(
    "header", ["Bearer outcrop_wrong", "Bearer ", "bearer  x", "Basic dXNlcjpwYXNz", "x"]
)
def test_what_is_no_token_opens_nothing(guarded: BackgroundServer, header: str) -> None:
    assert ask(guarded.url, "/api/traces", headers={"authorization": header}).status == 401


def test_programs_write_and_see_nothing(guarded: BackgroundServer, tokens: dict[str, str]) -> None:
    for method, path, body in (
        ("GET", "/api/traces", None),
        ("GET", PATH, None),
        ("POST", "/api/traces/search", {}),
        ("POST", "/api/traces/export", {"trace_ids": [TRACE.hex()]}),
        ("POST", f"{PATH}/assessments", feedback()),
        ("PATCH", PATH, {"tags": {"a": "b"}}),
        ("POST", "/api/traces/delete", {"trace_ids": [TRACE.hex()]}),
        ("GET", "/api/tokens", None),
    ):
        answer = call(guarded, method, path, body, tokens["write"])
        assert answer.status == 403, (method, path)
        assert "role write: it may only send traces" in answer.detail


def test_readers_look_but_neither_send_nor_delete_nor_make_tokens(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    assert call(guarded, "GET", PATH, token=tokens["read"]).json["info"]["span_count"] == 1
    assert len(call(guarded, "POST", "/api/traces/search", {}, tokens["read"]).json["traces"]) == 1
    sent = send(guarded.url, request(otlp_span(2)), authorization=f"Bearer {tokens['read']}")
    assert sent.status == 403
    assert "one of role write or admin" in sent.detail
    deletion = {"trace_ids": [TRACE.hex()]}
    assert call(guarded, "POST", "/api/traces/delete", deletion, tokens["read"]).status == 403
    new = {"name": "x", "role": "admin"}
    assert call(guarded, "POST", "/api/tokens", new, tokens["read"]).status == 403
    assert call(guarded, "GET", PATH, token=tokens["admin"]).json["info"]["span_count"] == 1


def test_a_reader_judges_in_its_own_name_and_changes_its_own_alone(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    made = call(guarded, "POST", f"{PATH}/assessments", feedback(author="bob"), tokens["read"])
    assert (made.status, made.json["author"]) == (201, "ann")
    mine = f"{PATH}/assessments/{made.json['assessment_id']}"
    for method, body in (("PATCH", {"value": False}), ("DELETE", None)):
        refused = call(guarded, method, mine, body, tokens["other"])
        assert refused.status == 403
        assert "is by ann" in refused.detail
    assert call(guarded, "PATCH", mine, {"value": False}, tokens["read"]).json["value"] is False
    assert call(guarded, "PATCH", mine, {"value": 1}, tokens["admin"]).json["value"] == 1
    assert call(guarded, "DELETE", mine, token=tokens["read"]).status == 204
    named = call(guarded, "POST", f"{PATH}/assessments", feedback(author="carol"), tokens["admin"])
    assert named.json["author"] == "carol"


def test_a_reader_adds_tags_and_an_admin_changes_them(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    assert call(guarded, "PATCH", PATH, {"tags": {"seen": "yes"}}, tokens["read"]).status == 200
    for edit in ({"tags": {"seen": "no"}}, {"tags": {"seen": None}}, {"metadata": {"a": "b"}}):
        refused = call(
            guarded, "PATCH", PATH, {**edit, "tags": {"new": "x", **edit.get("tags", {})}}, tokens["other"]
        )
        assert refused.status == 403
        assert "Nothing was changed" in refused.detail
    kept = call(guarded, "GET", f"{PATH}/annotations", token=tokens["read"]).json
    assert (kept["tags"], kept["metadata"]) == ({"seen": "yes"}, {})
    assert call(guarded, "PATCH", PATH, {"tags": {"seen": None}}, tokens["admin"]).json["tags"] == {}


def test_an_admin_makes_lists_and_revokes_tokens_and_each_is_shown_once(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    asked = {"name": "new", "role": "read", "experiments": ["A"], "expires_in_days": 90}
    made = call(guarded, "POST", "/api/tokens", asked, tokens["admin"])
    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    info = made.json["info"]
    assert (info["experiments"], info["created_by"], info["revoked_at_ns"]) == (["A"], "root", None)
    assert int(info["expires_at_ns"]) - int(info["created_at_ns"]) == pytest.approx(90 * 86400e9, rel=1e-6)
    assert call(guarded, "GET", "/api/traces", token=made.json["token"]).status == 200
    assert call(guarded, "POST", "/api/tokens", asked, tokens["admin"]).status == 400
    listed = call(guarded, "GET", "/api/tokens", token=tokens["admin"])
    assert [each["name"] for each in listed.json["tokens"]] == ["program", "ann", "bob", "root", "new"]
    assert made.json["token"].encode() not in listed.body
    assert b"digest" not in listed.body
    assert call(guarded, "DELETE", f"/api/tokens/{info['token_id']}", token=tokens["admin"]).status == 204
    refused = call(guarded, "GET", "/api/traces", token=made.json["token"])
    assert refused.status == 401
    assert "'new' was revoked" in refused.detail
    assert call(guarded, "DELETE", "/api/tokens/new", token=tokens["admin"]).status == 404


def test_what_the_command_line_revokes_ends_on_a_running_server(
    guarded: BackgroundServer, tokens: dict[str, str], store: Path
) -> None:
    assert call(guarded, "GET", "/api/traces", token=tokens["read"]).status == 200
    opened = SqliteStore(store)
    revoke_token(opened, "ann", "me")
    opened.close()
    # It takes the server a second at most, however long that is here.
    while (answer := call(guarded, "GET", "/api/traces", token=tokens["read"])).status == 200:
        pass
    assert answer.status == 401


def test_what_was_closed_stays_closed_when_no_token_opens_anything(
    store: Path, start_server: StartServer
) -> None:
    make(store, "only", "admin")
    opened = SqliteStore(store)
    revoke_token(opened, "only", "me")
    opened.close()
    assert ask(start_server().url, "/api/traces").status == 401


def test_an_expired_token_is_told_so(store: Path, start_server: StartServer) -> None:
    token = make(store, "short", "read", expires_in_s=0)
    refused = call(start_server(), "GET", "/api/traces", token=token)
    assert refused.status == 401
    assert "'short' has expired" in refused.detail


def test_a_token_that_asks_too_often_waits_and_the_others_do_not(
    store: Path, start_server: StartServer
) -> None:
    slow = make(store, "slow", "write", requests_per_minute=1)
    free = make(store, "free", "write")
    server = start_server()
    headers = {"content-type": PROTOBUF}
    answers = [
        ask(
            server.url,
            "/v1/traces",
            method="POST",
            body=request(otlp_span(number)),
            headers={**headers, **bearer(slow)},
        )
        for number in (1, 2)
    ]
    assert [each.status for each in answers] == [200, 429]
    assert int(answers[1].headers["retry-after"]) in range(1, 61)
    assert "1 requests a minute" in answers[1].detail
    assert send(server.url, request(otlp_span(3)), authorization=f"Bearer {free}").status == 200


def test_the_servers_own_limit_holds_for_tokens_without_one(store: Path, start_server: StartServer) -> None:
    token = make(store, "ann", "read")
    server = start_server(requests_per_minute=20)
    statuses = [call(server, "GET", "/api/traces", token=token).status for _ in range(5)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses


def test_wrong_tokens_are_answered_429_in_the_end_while_right_ones_are_let_in(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    statuses = [call(guarded, "GET", "/api/traces", token=f"wrong{number}").status for number in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = call(guarded, "GET", "/api/traces", token="wrong")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert call(guarded, "GET", "/api/traces", token=tokens["read"]).status == 200


def test_with_allow_anonymous_nobody_is_asked_but_a_wrong_token_is_still_wrong(
    tokens: dict[str, str], start_server: StartServer
) -> None:
    server = start_server(allow_anonymous=True)
    assert ask(server.url, "/api/traces").status == 200
    assert call(server, "GET", "/api/traces", token="wrong").status == 401
    assert call(server, "GET", "/api/traces", token=tokens["write"]).status == 403
