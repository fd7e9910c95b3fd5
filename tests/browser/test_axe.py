"""Whether people with other tools than eyes and a mouse can use every view: axe finds no violation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from page_views import SIZES, VIEWS, ids_by_name
from playwright.sync_api import Browser, BrowserContext, Page, expect
from screenshot_scenes import send_a_day

import outcrop
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings

pytestmark = pytest.mark.browser

# From the page's locked packages: no network.
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A server with a day of traces, and the ids of those that views show."""
    settings = Settings(port=0, store=tmp_path_factory.mktemp("axe") / "outcrop.db", spool=None)
    with BackgroundServer(settings) as server:
        send_a_day(server.url)
        outcrop.set_experiment("Default")
        with urlopen(f"{server.url}/api/traces?limit=200", timeout=120) as answer:  # noqa: S310 - our own server
            ids = ids_by_name(json.load(answer)["traces"])
        yield server.url, ids


def _violations(page: Page, options: str = "") -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({options}).then(({{ violations }}) => violations)")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


# What the dark colours can break.
COLOURS = "{ runOnly: ['color-contrast', 'link-in-text-block'] }"
SHOWN = [
    (size, name)
    for size in ("wide", "phone")
    for name, view in VIEWS.items()
    if size == "wide" or not view.is_wide_alone
]


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One for each size: the page's files are loaded once."""
    with ExitStack() as stack:
        made: dict[str, BrowserContext] = {}
        for size, (width, height) in SIZES.items():
            made[size] = browser.new_context(
                viewport={"width": width, "height": height},
                locale="en-US",
                color_scheme="light",
                reduced_motion="reduce",
            )
            stack.callback(made[size].close)
        yield made


@pytest.mark.parametrize(("size", "name"), SHOWN)
def test_axe_finds_nothing_in_any_view(
    filled: tuple[str, dict[str, str]], contexts: dict[str, BrowserContext], size: str, name: str
) -> None:
    url, ids = filled
    view = VIEWS[name]
    page = contexts[size].new_page()
    page.goto(url + view.address.format(**ids))
    expect(page.get_by_text(view.words).first).to_be_visible()
    if view.act is not None:
        view.act(page)
    # Evaluated and not added as a script: the page's policy lets no other script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    faults = _violations(page)
    if size == "wide":
        # They do not change with the size.
        page.emulate_media(color_scheme="dark")
        faults += _violations(page, COLOURS)
    scrolled = page.evaluate("document.documentElement.scrollWidth")
    # What a visitor chose is not to be there for the next one.
    page.evaluate("localStorage.clear()")
    page.close()
    assert faults == []
    assert scrolled <= SIZES[size][0]
