"""Signing in through real HTTP: the API's way, and the page's form that works without script."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import Answer, ask
from server.tests.support.spans import TRACE
from server.tests.support.tokens import bearer, make


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    store = tmp_path / "data" / "outcrop.db"
    return {
        "write": make(store, "program", "write"),
        "read": make(store, "<b>ann</b>", "read", "A & B"),
        "admin": make(store, "root", "admin"),
    }


@pytest.fixture
def guarded(tokens: dict[str, str], start_server: StartServer) -> BackgroundServer:
    assert tokens
    return start_server()


def sign_in(server: BackgroundServer, token: str) -> Answer:
    body = json.dumps({"token": token}).encode()
    headers = {"content-type": "application/json", "origin": server.url}
    return ask(server.url, "/api/session", method="POST", body=body, headers=headers)


def post_form(server: BackgroundServer, path: str, cookie: str = "", **fields: str) -> Answer:
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": server.url}
    if cookie:
        headers["cookie"] = cookie
    return ask(server.url, path, method="POST", body=urlencode(fields).encode(), headers=headers)


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_the_cookie_opens_the_page_and_holds_no_token(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    answer = sign_in(guarded, tokens["read"])
    assert answer.status == 201
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    assert "Max-Age=43200" in given
    assert tokens["read"] not in given + answer.body.decode()
    secret = cookie_of(answer).partition("=")[2]
    assert len(secret) == 43
    assert secret not in tokens["read"]
    seen = ask(guarded.url, "/api/session", headers={"cookie": cookie_of(answer)}).json
    assert seen == {
        "name": "<b>ann</b>",
        "role": "read",
        "experiments": ["A & B"],
        "is_anonymous": False,
        "has_session": True,
    }
    assert ask(guarded.url, "/api/traces", headers={"cookie": cookie_of(answer)}).status == 200
    # Others beside it, as browsers send for other programs of this machine.
    beside = f'a=b; odd={{"json": [1, "x"]}}; lone; {cookie_of(answer)}; z='
    assert ask(guarded.url, "/api/traces", headers={"cookie": beside}).status == 200


def test_each_sign_in_is_a_session_of_its_own_and_signing_out_ends_it(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    first, second = cookie_of(sign_in(guarded, tokens["read"])), cookie_of(sign_in(guarded, tokens["read"]))
    assert first != second
    ended = ask(
        guarded.url, "/api/session", method="DELETE", headers={"cookie": first, "origin": guarded.url}
    )
    assert ended.status == 204
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert ask(guarded.url, "/api/traces", headers={"cookie": first}).status == 401
    assert ask(guarded.url, "/api/traces", headers={"cookie": second}).status == 200


def test_a_session_ends_with_its_token(guarded: BackgroundServer, tokens: dict[str, str]) -> None:
    cookie = cookie_of(sign_in(guarded, tokens["read"]))
    listed = ask(guarded.url, "/api/tokens", headers=bearer(tokens["admin"])).json["tokens"]
    token_id = listed[1]["token_id"]
    ask(guarded.url, f"/api/tokens/{token_id}", method="DELETE", headers=bearer(tokens["admin"]))
    assert ask(guarded.url, "/api/traces", headers={"cookie": cookie}).status == 401


@pytest.mark.parametrize(
    "origin", [None, "null", "http://localhost:{port}", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_a_session_changes_nothing_but_from_the_servers_own_page(
    guarded: BackgroundServer, tokens: dict[str, str], origin: str | None
) -> None:
    cookie = cookie_of(sign_in(guarded, tokens["admin"]))
    headers = {"cookie": cookie, "content-type": "application/json"}
    body = json.dumps({"trace_ids": [TRACE.hex()]}).encode()
    if origin is not None:
        headers["origin"] = origin.format(port=guarded.settings.port)
    refused = ask(guarded.url, "/api/traces/delete", method="POST", body=body, headers=headers)
    assert refused.status == 403
    allowed = {**headers, "origin": guarded.url}
    assert ask(guarded.url, "/api/traces/delete", method="POST", body=body, headers=allowed).status == 200


def test_a_token_needs_no_origin(guarded: BackgroundServer, tokens: dict[str, str]) -> None:
    headers = {**bearer(tokens["admin"]), "content-type": "application/json"}
    body = json.dumps({"trace_ids": [TRACE.hex()]}).encode()
    assert ask(guarded.url, "/api/traces/delete", method="POST", body=body, headers=headers).status == 200


def test_programs_tokens_and_wrong_ones_do_not_sign_in(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    refused = sign_in(guarded, tokens["write"])
    assert refused.status == 403
    assert "for programs" in refused.detail
    wrong = sign_in(guarded, "outcrop_wrong")
    assert wrong.status == 401
    assert "set-cookie" not in wrong.headers


def test_after_ten_failed_sign_ins_even_a_right_one_waits(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    assert [sign_in(guarded, "wrong").status for _ in range(10)] == [401] * 10
    answer = sign_in(guarded, tokens["read"])
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    form = post_form(guarded, "/sign-in", token=tokens["read"])
    assert form.status == 429
    assert "set-cookie" not in form.headers


@pytest.mark.parametrize(
    ("onward", "expected"),
    [
        ("/traces/abc?tab=chat", "/traces/abc?tab=chat"),
        ("", "/traces"),
        ("https://evil.example/", "/traces"),
        ("//evil.example/", "/traces"),
        ("/\\evil.example/", "/traces"),
        ("/a\r\nset-cookie: x=y", "/traces"),
        ("/sign-in", "/traces"),
    ],
)
def test_the_form_signs_in_and_goes_on_within_the_server(
    guarded: BackgroundServer, tokens: dict[str, str], onward: str, expected: str
) -> None:
    answer = post_form(guarded, "/sign-in", token=f" {tokens['read']}\n", next=onward)
    assert (answer.status, answer.headers["location"]) == (303, expected)
    assert ask(guarded.url, "/api/traces", headers={"cookie": cookie_of(answer)}).status == 200


def test_the_form_says_what_is_wrong_in_both_languages(guarded: BackgroundServer) -> None:
    refused = post_form(guarded, "/sign-in", token="wrong", next="/traces/abc")
    assert (refused.status, refused.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert b"This token opens nothing here" in refused.body
    assert b'value="/traces/abc"' in refused.body
    for preferred, words in (
        ("ja", "サインイン"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "サインイン"),
        ("en-GB,ja;q=0.5", "Sign in"),
        ("de", "Sign in"),
    ):
        page = ask(guarded.url, "/sign-in", headers={"accept-language": preferred}).body.decode()
        assert f"<h1>{words}</h1>" in page


def test_the_page_shows_who_is_signed_in_and_the_way_out(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    cookie = cookie_of(sign_in(guarded, tokens["read"]))
    page = ask(guarded.url, "/sign-in", headers={"cookie": cookie})
    # Names are anybody's text.
    assert b"&lt;b&gt;ann&lt;/b&gt;" in page.body
    assert b"A &amp; B" in page.body
    assert b"<b>" not in page.body
    assert page.headers["cache-control"] == "no-store"
    out = post_form(guarded, "/sign-out", cookie)
    assert (out.status, out.headers["location"]) == (303, "/sign-in")
    assert ask(guarded.url, "/api/traces", headers={"cookie": cookie}).status == 401


def test_other_sites_can_sign_nobody_in_or_out(guarded: BackgroundServer, tokens: dict[str, str]) -> None:
    body = urlencode({"token": tokens["read"]}).encode()
    for path in ("/sign-in", "/sign-out", "/api/session"):
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = ask(guarded.url, path, method="POST", body=body, headers=headers)
            assert (answer.status, "set-cookie" in answer.headers) == (403, False)


def test_the_sign_in_page_has_no_script_and_no_style_of_its_own(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    cookie = cookie_of(sign_in(guarded, tokens["read"]))
    for headers in ({}, {"cookie": cookie}):
        page = ask(guarded.url, "/sign-in", headers=headers).body.decode()
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
    style = ask(guarded.url, "/sign-in.css")
    assert (style.status, style.headers["content-type"].partition(";")[0]) == (200, "text/css")


def test_a_body_that_is_no_form_is_refused_in_words(guarded: BackgroundServer) -> None:
    headers = {"origin": guarded.url, "content-type": "application/x-www-form-urlencoded"}
    large = ask(guarded.url, "/sign-in", method="POST", body=b"token=" + b"x" * 9000, headers=headers)
    assert large.status == 413
    for body in (b"", b"token=%ff%00", b"\xff\xfe", b"&" * 100, b"a=1&" * 100):
        assert ask(guarded.url, "/sign-in", method="POST", body=body, headers=headers).status in {400, 401}


def test_without_tokens_the_page_says_that_none_is_needed(server: BackgroundServer) -> None:
    page = ask(server.url, "/sign-in").body
    assert b"asks nobody to sign in" in page
    assert ask(server.url, "/api/session").json["is_anonymous"] is True


def test_signing_in_and_out_and_refusals_leave_audit_lines_without_secrets(
    guarded: BackgroundServer, tokens: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "outcrop.audit"):
        cookie = cookie_of(sign_in(guarded, tokens["admin"]))
        sign_in(guarded, "outcrop_mistyped")
        sign_in(guarded, tokens["write"])
        ask(guarded.url, "/api/traces", headers=bearer(tokens["write"]))
        ask(guarded.url, "/api/traces", headers={"host": "evil.example"})
        change = {"cookie": cookie, "origin": guarded.url, "content-type": "application/json"}
        deletion = json.dumps({"trace_ids": [TRACE.hex()]}).encode()
        ask(guarded.url, "/api/traces/delete", method="POST", body=deletion, headers=change)
        ask(guarded.url, "/api/session", method="DELETE", headers=change)
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "outcrop.audit"]
    assert [(line["event"], line["by"], line.get("client")) for line in lines] == [
        ("sign_in", "root", "127.0.0.1"),
        ("token.refused", "anonymous", "127.0.0.1"),
        ("sign_in.refused", "program", "127.0.0.1"),
        ("refused", "program", "127.0.0.1"),
        ("refused", "anonymous", "127.0.0.1"),
        ("traces.deleted", "root", "127.0.0.1"),
        ("sign_out", "root", "127.0.0.1"),
    ]
    assert lines[5]["trace_ids"] == [TRACE.hex()]
    assert lines[5]["deleted"] == 0
    for secret in (*tokens.values(), cookie.partition("=")[2], "mistyped"):
        assert secret not in caplog.text
