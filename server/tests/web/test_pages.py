from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from server.tests.conftest import StartServer
from server.tests.support.http import ask

from outcrop_server.serve import BackgroundServer
from outcrop_server.web.views import VIEWS

ROUTER = Path(__file__).parents[3] / "web" / "src" / "app" / "router.tsx"
LONG = "let a = 'again and again';\n" * 200


@pytest.fixture
def page(start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackgroundServer:
    """A server with a built page."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>built</title>")
    (static / "favicon.svg").write_text("<svg/>")
    (static / "assets" / "app-1a2b.js").write_text("let a")
    (static / "assets" / "long-1a2b.js").write_text(LONG)
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


@pytest.mark.parametrize(
    ("accepts", "is_zipped"),
    [("gzip, deflate, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False), ("br", False), ("", False)],
)
def test_scripts_come_in_gzip_to_whom_takes_it(page: BackgroundServer, accepts: str, is_zipped: bool) -> None:
    for _ in range(2):
        answer = ask(page.url, "/assets/long-1a2b.js", headers={"accept-encoding": accepts})
        assert answer.headers.get("content-encoding") == ("gzip" if is_zipped else None)
        assert (gzip.decompress(answer.body) if is_zipped else answer.body) == LONG.encode()
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(answer.body)
    short = ask(page.url, "/assets/app-1a2b.js", headers={"accept-encoding": accepts})
    assert "content-encoding" not in short.headers


def test_the_page_names_what_the_view_at_its_address_needs(page: BackgroundServer, tmp_path: Path) -> None:
    chunks = {
        "index.html": {"file": "assets/index.js", "isEntry": True, "imports": ["_base"], "css": ["assets/i.css"]},
        "_base": {"file": "assets/base.js"},
        "_rows": {"file": "assets/rows.js", "imports": ["index.html", "_round"], "css": ["assets/rows.css"]},
        "_round": {"file": "assets/round.js", "imports": ["_rows"]},
        "src/features/trace/TraceView.tsx": {
            "file": "assets/trace.js",
            "imports": ["_base", "_rows"],
            "dynamicImports": ["later"],
            "css": ["assets/trace.css"],
        },
        "src/features/traces/TracesView.tsx": {"file": "assets/traces.js"},
        "later": {"file": "assets/later.js"},
    }
    static = tmp_path / "static"
    (static / "chunks.json").write_text(json.dumps(chunks))
    (static / "index.html").write_text("<head><title>built</title></head>")

    def named(path: str) -> list[tuple[str, str]]:
        return re.findall(r'rel="(\w+)" crossorigin href="(/assets/[^"]+)"', ask(page.url, path).body.decode())

    # A view's styles go over those of its parts, so they stand behind them.
    assert named("/traces/abc?tab=chat") == [
        ("stylesheet", "/assets/rows.css"),
        ("stylesheet", "/assets/trace.css"),
        ("modulepreload", "/assets/round.js"),
        ("modulepreload", "/assets/rows.js"),
        ("modulepreload", "/assets/trace.js"),
    ]
    assert named("/traces") == named("/") == [("modulepreload", "/assets/traces.js")]
    assert named("/settings") == named("/elsewhere") == []
    # Built anew while the server runs.
    (static / "index.html").write_text("<head><title>newer</title></head>")
    assert b"newer" in ask(page.url, "/traces").body


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/traces/ab-12?span=c", ["/api/traces/ab-12"]),
        ("/traces", ["/api/traces?limit=100", "/api/timeline?steps=100", "/api/views"]),
        ("/", ["/api/traces?limit=100", "/api/timeline?steps=100", "/api/views"]),
        # Of a narrowed list the page knows better; an id that is none is not put into the page.
        ("/traces?filter=x", []),
        ("/traces/a%22%3E%3Cscript%3E", []),
        ("/traces/a/b", []),
        ("/settings", []),
        ("/elsewhere", []),
    ],
)
def test_the_page_names_the_answers_that_the_view_at_its_address_needs(
    page: BackgroundServer, tmp_path: Path, address: str, asked: list[str]
) -> None:
    (tmp_path / "static" / "index.html").write_text("<head><title>built</title></head>")
    html = ask(page.url, address).body.decode()
    found = re.findall(r'<link rel="preload" as="fetch" crossorigin href="([^"]+)">', html)
    assert found == [*asked, "/api/session", "/api/experiments"]


def test_the_views_are_those_of_the_page() -> None:
    found = re.findall(r'path: "/(\w+)(/\$\w+)?",[^}]*?import\("@/(features/[\w/]+)"\)', ROUTER.read_text())
    assert {(f"{name}/" if rest else name, f"src/{source}.tsx") for name, rest, source in found} == {
        (view.path, view.source) for view in VIEWS
    }


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
