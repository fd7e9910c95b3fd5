"""Two servers over one store, as behind a load balancer: whichever is asked, the answer is the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.access.secret import new_token
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings, from_environment
from outcrop_server.store_opening import open_store
from server.tests.support.clickhouse import Clickhouse
from server.tests.support.http import send
from server.tests.support.postgres import Postgres
from server.tests.support.spans import otlp_span, request

_PATIENCE_S = 60.0


class Browser:
    """Keeps cookies, as a browser does for all servers of a machine."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def ask(self, server: BackgroundServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        host = server.url.removeprefix("http://")
        connection = HTTPConnection(host, timeout=_PATIENCE_S)
        headers = {"Content-Type": "application/json", "Origin": server.url}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read()
        for given in answer.headers.get_all("set-cookie") or ():
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, json.loads(text) if text else None


@pytest.fixture(params=["sqlite", "postgres", "clickhouse"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Those of a server over an empty store of each engine."""
    if request.param == "sqlite":
        yield Settings(port=0, store=tmp_path / "store.db", spool=None)
        return
    database: Postgres | Clickhouse = request.getfixturevalue(request.param)
    with database.database() as uri:
        yield from_environment({"OUTCROP_STORE": uri, "OUTCROP_SPOOL_DIR": str(tmp_path)}, port="0")


@pytest.fixture
def secret(settings: Settings) -> str:
    """A token of role admin, made before the servers start."""
    text, kept = new_token("ann", "admin", None, "test")
    with closing(open_store(settings)) as store:
        store.add_access_token(kept).result()
    return text


@pytest.fixture
def servers(settings: Settings, secret: str) -> Iterator[tuple[BackgroundServer, BackgroundServer]]:
    del secret
    with BackgroundServer(settings) as one, BackgroundServer(settings) as other:
        yield one, other


def until(is_so: Any) -> None:
    """Waits until a function says so."""
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_who_signed_in_at_one_server_is_signed_in_at_the_other_and_signs_out_of_both(
    servers: tuple[BackgroundServer, BackgroundServer], secret: str
) -> None:
    one, other = servers
    browser = Browser()
    assert browser.ask(other, "GET", "/api/traces")[0] == 401
    assert browser.ask(one, "POST", "/api/session", {"token": secret})[0] == 201
    # At once, though the other has looked into the store a moment ago.
    until(lambda: browser.ask(other, "GET", "/api/traces")[0] == 200)
    status, session = browser.ask(other, "GET", "/api/session")
    assert (status, session["name"], session["has_session"]) == (200, "ann", True)
    before = dict(browser.cookies)
    assert browser.ask(other, "DELETE", "/api/session")[0] == 204
    # Whoever kept the cookie of the first server has nothing of it.
    browser.cookies = before
    until(lambda: browser.ask(one, "GET", "/api/traces")[0] == 401)


def test_what_one_server_took_in_and_changed_the_other_shows(
    servers: tuple[BackgroundServer, BackgroundServer], secret: str
) -> None:
    one, other = servers
    browser = Browser()
    browser.ask(one, "POST", "/api/session", {"token": secret})
    sent = send(one.url, request(otlp_span(1)), authorization=f"Bearer {secret}")
    assert sent.status == 200
    until(lambda: browser.ask(other, "GET", "/api/traces")[0] == 200)
    (trace,) = browser.ask(other, "GET", "/api/traces")[1]["traces"]
    status, made = browser.ask(
        other,
        "POST",
        f"/api/traces/{trace['trace_id']}/assessments",
        {"kind": "feedback", "name": "right", "value": True, "source": {"type": "HUMAN", "id": "ann"}},
    )
    assert status == 201, made
    shown = browser.ask(one, "GET", f"/api/traces/{trace['trace_id']}/assessments")[1]
    assert [each["name"] for each in shown["assessments"]] == ["right"]


def test_databases_say_that_ages_end_with_a_day_and_a_file_does_not(
    servers: tuple[BackgroundServer, BackgroundServer], settings: Settings, secret: str
) -> None:
    browser = Browser()
    assert browser.ask(servers[0], "POST", "/api/session", {"token": secret})[0] == 201
    status, retention = browser.ask(servers[0], "GET", "/api/retention")
    assert (status, retention["ages_by_days"]) == (200, not isinstance(settings.store, Path))
