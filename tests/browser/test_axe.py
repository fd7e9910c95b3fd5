"""Whether people with other tools than eyes and a mouse can use every view: axe finds no violation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from page_views import SIZES, VIEWS, ids_by_name
from playwright.sync_api import Browser, Page, expect
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


def _violations(page: Page) -> list[str]:
    # Evaluated and not added as a script: the page's policy lets no other script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


# Colours do not change with the size.
LOOKS = (("light", "wide"), ("dark", "wide"), ("light", "phone"))
SHOWN = [
    (scheme, size, name)
    for scheme, size in LOOKS
    for name, view in VIEWS.items()
    if size == "wide" or not view.is_wide_alone
]


@pytest.mark.parametrize(("scheme", "size", "name"), SHOWN)
def test_axe_finds_nothing_in_any_view(
    filled: tuple[str, dict[str, str]], browser: Browser, scheme: Any, size: str, name: str
) -> None:
    url, ids = filled
    view = VIEWS[name]
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-US",
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url + view.address.format(**ids))
    expect(page.get_by_text(view.words).first).to_be_visible()
    if view.act is not None:
        view.act(page)
    faults = _violations(page)
    scrolled = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert faults == []
    assert scrolled <= width
