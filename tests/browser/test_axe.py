"""Whether people with other tools than eyes and a mouse can use every view: axe finds no violation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reply, Throttling, ToolUse, Usage
from tests.conftest import ApiReader

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"
# From the page's locked packages: no network.
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"wide": (1440, 900), "phone": (390, 844)}


@pytest.fixture
def filled(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, api: ApiReader
) -> tuple[str, list[str]]:
    """A server with traces of several kinds, and their ids."""
    outcrop.set_experiment("/Shared/axe")

    @outcrop.trace(span_type=SpanType.AGENT)
    def agent(words: str) -> None:
        outcrop.update_current_trace({"team": "blue"}, session_id="s-1", user_id="u-1")
        message = {"role": "user", "content": [{"text": words}]}
        client.converse(modelId=SONNET, messages=[message], inferenceConfig={"temperature": 0.5})

    bedrock_emulator.script(
        SONNET,
        Reply("It is **sunny**.", usage=Usage(900, 40)),
        Reply(ToolUse("get_weather", {"city": "Oslo"}), usage=Usage(30, 10)),
        *[Throttling("Too many requests.") for _ in range(10)],
    )
    agent("What is the weather?")
    agent("And in Oslo?")
    with pytest.raises(Exception, match="Too many"):
        agent("And now?")
    outcrop.flush()
    return tracing, [each["trace_id"] for each in api("/api/traces")["traces"]]


def _violations(page: Page) -> list[str]:
    # Evaluated and not added as a script: the page's policy lets no other script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


def _choose_two(page: Page) -> None:
    for place in range(2):
        page.get_by_role("checkbox", name="Choose agent").nth(place).check()


def _press(key: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()

    return press


def _button(name: str) -> Callable[[Page], None]:
    def click(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()

    return click


def _nothing(_: Page) -> None:
    """As it is when it has come."""


VIEWS: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "list": ("/traces", "What is the weather?", _nothing),
    "chosen": ("/traces", "What is the weather?", _choose_two),
    "columns": ("/traces", "What is the weather?", _button("Columns")),
    "views": ("/traces", "What is the weather?", _button("Views: none chosen")),
    "facets": ("/traces", "What is the weather?", _button("Facets")),
    "fault": ("/traces?filter=statos = 'x'", "Use status", _nothing),
    "no match": ("/traces?filter=latency > 900s", "No trace matches", _nothing),
    "palette": ("/traces", "What is the weather?", _press("Control+k")),
    "keys": ("/traces", "What is the weather?", _press("?")),
    "trace": ("/traces/{0}", "Chat", _nothing),
    "compare": ("/compare?items={0},{1}", "Prompt and answer", _nothing),
    "sessions": ("/sessions", "s-1", _nothing),
    "session": ("/sessions?session=s-1", "What is the weather?", _nothing),
    "overview": ("/overview", "Failing most", _nothing),
    "experiments": ("/experiments", "Last trace", _nothing),
    "experiment": ("/experiments", "Last trace", _button("New experiment")),
    "settings": ("/settings", "List price", _nothing),
    "token": ("/settings", "List price", _button("New token")),
    "limits": ("/settings", "List price", _button("Change the limits")),
    "first run": ("/traces?experiment=none", "Waiting for the first trace", _nothing),
    "nowhere": ("/nowhere", "There is nothing at this address.", _nothing),
}
# Behind a menu that a phone does not have.
WIDE_ALONE = {"columns", "keys"}


# Colours do not change with the size.
@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "wide"), ("light", "phone")])
def test_axe_finds_nothing_in_any_view(
    filled: tuple[str, list[str]], browser: Browser, scheme: Any, size: str
) -> None:
    url, ids = filled
    width, height = SIZES[size]
    found: dict[str, list[str]] = {}
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-US",
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    for name, (path, words, act) in VIEWS.items():
        if size == "phone" and name in WIDE_ALONE:
            continue
        page = context.new_page()
        page.goto(url + path.format(*ids))
        expect(page.get_by_text(words).first).to_be_visible(timeout=15_000)
        act(page)
        if faults := _violations(page):
            found[name] = faults
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.close()
    context.close()
    assert found == {}
