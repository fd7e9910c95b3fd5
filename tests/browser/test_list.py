"""Finding traces on the page: filter, facets, strip of time, order and live rows, over a real server."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Locator, Page, expect

import outcrop
from outcrop.testing import BedrockEmulator, Reply, Throttling, Usage

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"
NOVA = "amazon.nova-lite-v1:0"


@pytest.fixture
def some_traces(bedrock_emulator: BedrockEmulator, client: Any, tracing: str) -> str:
    """The address of a server with five traces: three of Sonnet, one of which fails, and two of Nova."""
    _ask(bedrock_emulator, client, "Where is my refund?", Reply("It is on its way.", usage=Usage(10, 5)))
    _ask(bedrock_emulator, client, "Write a poem.", Reply("Roses are red.", usage=Usage(900, 100)))
    _ask(bedrock_emulator, client, "Hello", Reply("Hello!", usage=Usage(20, 5)), model=NOVA)
    _ask(bedrock_emulator, client, "Bye", Reply("Goodbye!", usage=Usage(30, 5)), model=NOVA)
    # As many as botocore tries.
    bedrock_emulator.script(SONNET, *[Throttling("Too many requests.") for _ in range(10)])
    with pytest.raises(ClientError):
        client.converse(modelId=SONNET, messages=[_user("Me too")])
    outcrop.flush()
    return tracing


def _ask(emulator: BedrockEmulator, client: Any, words: str, reply: Reply, model: str = SONNET) -> None:
    emulator.script(model, reply)
    client.converse(modelId=model, messages=[_user(words)])


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def _address(server: str, filter_text: str) -> str:
    return f"{server}/traces?filter={quote(filter_text)}"


def _rows(page: Page) -> Locator:
    return page.get_by_role("rowgroup").get_by_role("row")


def test_a_filter_is_typed_with_what_may_come_next(some_traces: str, page: Page) -> None:
    page.goto(some_traces)
    expect(_rows(page)).to_have_count(5)
    page.keyboard.press("/")
    page.keyboard.type("mod")
    expect(page.get_by_role("option").first).to_contain_text("model")
    page.keyboard.press("Tab")
    page.keyboard.type("= nova")
    # The values are those that the store has.
    page.get_by_role("option", name=f"'{NOVA}'").click()
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(2)
    expect(page.get_by_text("2 traces")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(quote(NOVA, safe=""))))

    page.reload()
    expect(_rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear the filter").click()
    expect(_rows(page)).to_have_count(5)


def test_words_are_found_and_marked(some_traces: str, page: Page) -> None:
    page.goto(f"{some_traces}/traces?filter=refund")
    expect(_rows(page)).to_have_count(1)
    expect(_rows(page).locator("mark")).to_have_text("refund")


def test_a_wrong_filter_is_explained_and_mended_in_place(some_traces: str, page: Page) -> None:
    page.goto(_address(some_traces, "statos = 'ERROR'"))
    expect(page.get_by_role("alert")).to_contain_text("'statos'")
    page.get_by_role("button", name="Use status").click()
    expect(_rows(page)).to_have_count(1)
    expect(_rows(page)).to_contain_text("ThrottlingException")


def test_facets_narrow_the_list_and_widen_it_again(some_traces: str, page: Page) -> None:
    page.goto(some_traces)
    page.get_by_role("button", name="Facets").click()
    pane = page.get_by_role("complementary", name="Facets")
    pane.get_by_role("button", name="ThrottlingException").click()
    expect(_rows(page)).to_have_count(1)
    pane.get_by_role("button", name="ThrottlingException").click()
    expect(_rows(page)).to_have_count(5)
    # The choice to see them stays.
    page.reload()
    expect(pane).to_be_visible()


def test_a_stretch_is_drawn_over_the_strip(some_traces: str, page: Page) -> None:
    page.goto(some_traces)
    strip = page.get_by_role("img", name="Traces over time")
    expect(strip).to_be_visible()
    # All five within a minute or two: a click on the last bar.
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] - 4)
    page.wait_for_url("**/traces?from=*")
    expect(_rows(page).first).to_be_visible()
    page.get_by_role("button", name="Time range").click()
    page.get_by_role("menuitemradio", name="Last hour").click()
    # All five may have been on show before: the address tells that something was done.
    page.wait_for_url("**range=1h*")
    expect(_rows(page)).to_have_count(5)
    assert "from=" not in page.url


def test_columns_order_the_list(some_traces: str, page: Page) -> None:
    page.goto(some_traces)
    page.get_by_role("columnheader", name="Tokens").get_by_role("button").click()
    expect(_rows(page).first).to_contain_text("900 → 100")
    page.get_by_role("columnheader", name="Tokens").get_by_role("button").click()
    expect(_rows(page).last).to_contain_text("900 → 100")


def test_no_match_says_what_to_leave_out(some_traces: str, page: Page) -> None:
    page.goto(_address(some_traces, "status = 'ERROR' AND latency > 900s") + "&range=1h")
    expect(page.get_by_role("heading", name="No trace matches")).to_be_visible()
    first = page.get_by_role("listitem").filter(has_text="latency > 900s")
    expect(first).to_contain_text("1 trace")
    first.get_by_role("button", name="Leave out").click()
    expect(_rows(page)).to_have_count(1)


def test_newer_traces_that_fit_come_in_by_themselves_where_that_is_wished(
    bedrock_emulator: BedrockEmulator, client: Any, some_traces: str, page: Page
) -> None:
    with page.expect_request("**/api/traces/tail?*"):
        page.goto(_address(some_traces, f"model = '{NOVA}'") + "&live=1")
    expect(_rows(page)).to_have_count(2)
    _ask(bedrock_emulator, client, "Not this one", Reply("No.", usage=Usage(1, 1)))
    _ask(bedrock_emulator, client, "This one", Reply("Yes.", usage=Usage(1, 1)), model=NOVA)
    outcrop.flush()
    expect(_rows(page)).to_have_count(3)
    expect(_rows(page).first).to_contain_text("This one")


def test_the_way_back_from_a_trace_leads_to_the_list_as_it_was(some_traces: str, page: Page) -> None:
    page.goto(f"{some_traces}/traces?filter=poem&range=24h")
    expect(_rows(page)).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Chat")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Filter traces")).to_have_value("poem")
    expect(_rows(page)).to_have_count(1)


def test_the_overview_leads_to_the_traces_behind_its_numbers(some_traces: str, page: Page) -> None:
    page.goto(f"{some_traces}/overview")
    expect(page.get_by_role("img", name="Traces: failed 1, succeeded 4")).to_be_visible()
    expect(page.get_by_role("img", name="Tokens")).to_be_visible()
    expect(page.get_by_role("img", name="Cost")).to_be_visible()
    # A click on a step opens its traces. Its bar shows where: another step may have begun meanwhile.
    bar = page.get_by_role("img", name="Throttled: Traces 1").locator("path")
    expect(bar).to_have_count(1)
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] - 100, box["y"] + 10)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/traces?*from=*")
    expect(_rows(page)).to_have_count(1)
    expect(_rows(page)).to_contain_text("ThrottlingException")
    page.go_back()
    page.get_by_role("link", name="ThrottlingException").click()
    expect(_rows(page)).to_have_count(1)


def test_a_session_is_a_conversation(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    @outcrop.trace
    def turn(words: str, reply: str) -> None:
        outcrop.update_current_trace(session_id="chat/7")
        _ask(bedrock_emulator, client, words, Reply(reply, usage=Usage(10, 5)))

    turn("Where is my parcel?", "On its way.")
    turn("And now?", "At your door.")
    outcrop.flush()
    page.goto(f"{tracing}/sessions")
    page.get_by_role("link", name="chat/7").click()
    turns = page.get_by_role("main").get_by_role("listitem")
    expect(turns).to_have_count(2)
    expect(turns.first).to_contain_text("Where is my parcel?")
    expect(turns.last).to_contain_text("At your door.")
    turns.last.get_by_role("link", name="turn").click()
    expect(page.get_by_role("tab", name="Chat")).to_be_visible()
    # From the trace back to its session.
    page.get_by_role("link", name="chat/7").click()
    expect(turns).to_have_count(2)
