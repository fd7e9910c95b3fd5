from __future__ import annotations

from pathlib import Path

import pytest
from server.tests.conftest import StartServer
from server.tests.support.http import ask

from outcrop_server.serve import BackgroundServer


@pytest.fixture
def page(start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackgroundServer:
    """A server with a built page."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>built</title>")
    (static / "favicon.svg").write_text("<svg/>")
    (static / "assets" / "app-1a2b.js").write_text("let a")
    (tmp_path / "secret.txt").write_text("for nobody")
    monkeypatch.setattr("outcrop_server.web.pages.STATIC", static)
    return start_server()


@pytest.mark.parametrize("path", ["/", "/traces", "/traces/abc?tab=chat", "/apiary", "/a/b/c.html"])
def test_any_path_opens_the_page_and_is_asked_for_again(page: BackgroundServer, path: str) -> None:
    answer = ask(page.url, path)
    assert (answer.status, answer.body) == (200, b"<title>built</title>")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/html")


def test_hashed_files_are_kept_for_ever(page: BackgroundServer) -> None:
    answer = ask(page.url, "/assets/app-1a2b.js")
    assert (answer.status, answer.body) == (200, b"let a")
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]


def test_other_files_are_asked_for_again(page: BackgroundServer) -> None:
    answer = ask(page.url, "/favicon.svg")
    assert (answer.body, answer.headers["cache-control"]) == (b"<svg/>", "no-cache")


def test_a_file_of_an_older_build_is_404_and_not_the_page(page: BackgroundServer) -> None:
    assert "built anew" in ask(page.url, "/assets/app-0000.js").detail


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(page: BackgroundServer, path: str) -> None:
    assert b"for nobody" not in ask(page.url, path).body


def test_paths_of_the_api_never_open_the_page(page: BackgroundServer) -> None:
    for path in ("/api", "/api/x", "/v1/x", "/healthz/x"):
        assert ask(page.url, path).status == 404


def test_head_is_answered_without_a_body(page: BackgroundServer) -> None:
    answer = ask(page.url, "/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_without_a_build_the_page_says_how_to_make_one(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.web.pages.STATIC", tmp_path / "nothing")
    answer = ask(start_server().url, "/traces")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert b"make build" in answer.body
