"""The view of a trace in a real browser: tree and waterfall, large payloads, streams, the graph of agents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import outcrop
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import EncodedSpan, EventRecord, SpanRecord
from outcrop.testing import BedrockEmulator, Reply, Usage
from outcrop_server.serve import BackgroundServer

pytestmark = pytest.mark.browser

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
TRACE = (33).to_bytes(16, "big")
STEPS, CALLS_A_STEP = 330, 99
FAILED_STEP = 200


def _span(  # noqa: PLR0917  # the columns of a table
    number: int,
    parent: int,
    name: str,
    kind: str,
    start_ms: float,
    length_ms: float,
    *,
    error: str | None = None,
    **more: object,
) -> EncodedSpan:
    begin = START_NS + int(start_ms * MS)
    attributes: dict[str, object] = {"outcrop.span.type": kind, **more}
    if error is not None:
        attributes["error.type"] = error
    return encode_span(
        SpanRecord(
            TRACE,
            number.to_bytes(8, "big"),
            b"" if parent == 0 else parent.to_bytes(8, "big"),
            name,
            3,
            begin,
            begin + int(length_ms * MS),
            1 if error is None else 2,
            "",
            attributes,
            list[EventRecord](),
            "Test",
            "test",
        )
    )


def _large_trace() -> Iterator[EncodedSpan]:
    """A root, 330 steps, and 99 tools below each: 33,001 spans, one of which failed."""
    yield _span(1, 0, "nightly_run", "WORKFLOW", 0, STEPS * 1000)
    number = 2
    for step in range(STEPS):
        own = number
        yield _span(own, 1, f"step {step}", "AGENT", step * 1000, 1000)
        for call in range(CALLS_A_STEP):
            number += 1
            error = "LookupError" if step == FAILED_STEP and call == CALLS_A_STEP - 1 else None
            yield _span(number, own, f"look_up {call}", "TOOL", step * 1000 + call * 10, 9, error=error)
        number += 1


def _send(url: str, spans: Iterator[EncodedSpan]) -> None:
    waiting = list(spans)
    for first in range(0, len(waiting), 2000):
        body = encode_request(waiting[first : first + 2000], {})
        headers = {"content-type": "application/x-protobuf"}
        with urlopen(Request(f"{url}/v1/traces", data=body, headers=headers), timeout=120) as answer:  # noqa: S310  # our own server
            assert answer.status == 200


def _address(server: BackgroundServer, query: str = "") -> str:
    return f"{server.url}/traces/{TRACE.hex()}{query}"


def _id(number: int) -> str:
    return number.to_bytes(8, "big").hex()


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("treeitem").filter(has=page.get_by_text(name, exact=True))


def test_a_trace_of_33_000_spans_is_whole_searchable_and_drawn_in_part(
    server: BackgroundServer, page: Page
) -> None:
    _send(server.url, _large_trace())
    failed = 2 + FAILED_STEP * (CALLS_A_STEP + 1) + CALLS_A_STEP
    page.goto(_address(server))
    # It opens at the error, which is far below what is read first, with what is round it.
    page.wait_for_url(f"**span={_id(failed)}*")
    tree = page.get_by_role("tree")
    expect(tree).to_have_attribute("aria-busy", "false")
    expect(page.locator(f"#span-{_id(failed)}")).to_be_in_viewport()
    expect(page.get_by_role("tabpanel")).to_contain_text("LookupError")
    assert page.get_by_role("treeitem").count() < 80

    # Folded steps say how much they hide, and the one with the error that it is in there.
    page.get_by_role("button", name="Unfold all").click()
    page.get_by_role("button", name="Fold all").click()
    tree.focus()
    page.keyboard.press("Home")
    expect(_row(page, "step 3")).to_contain_text(f"+{CALLS_A_STEP}")
    page.keyboard.press("e")
    expect(page.locator(f"#span-{_id(failed)}")).to_be_in_viewport()

    page.keyboard.press("/")
    page.keyboard.type("look_up 7 tool")  # 19 of 99 names have a 7
    expect(page.get_by_role("search")).to_contain_text("6,270")
    page.get_by_label("Find spans").fill("step 329")
    page.keyboard.press("Enter")
    expect(_row(page, "step 329")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("search")).to_contain_text("1 of 1")
    page.wait_for_url("**find=step*")
    page.reload()
    expect(page.get_by_label("Find spans")).to_have_value("step 329")
    expect(_row(page, "step 329")).to_be_in_viewport()

    page.get_by_role("button", name="Agents at a glance").click()
    expect(page.get_by_role("button", name=re.compile("^step # 330 calls"))).to_be_visible()


def test_the_waterfall_is_zoomed_by_drawing_by_keys_and_in_the_minimap(
    server: BackgroundServer, page: Page
) -> None:
    spans = [_span(1, 0, "run", "AGENT", 0, 3000)]
    spans += [_span(number, 1, f"call {number}", "TOOL", number * 100, 90) for number in range(2, 30)]
    _send(server.url, iter(spans))
    page.goto(_address(server, f"?span={_id(15)}"))
    whole = page.get_by_role("button", name="Show the whole time")
    minimap = page.get_by_role("img", name=re.compile("The whole trace"))
    expect(minimap).to_be_visible()
    bar = _row(page, "call 15").locator("[data-tip*='Since start']")
    before = bar.bounding_box()
    assert before is not None

    page.keyboard.press("z")
    expect(whole).to_be_visible()
    near = bar.bounding_box()
    assert near is not None
    assert near["width"] > before["width"] * 10
    page.keyboard.press("0")
    expect(whole).to_have_count(0)

    # Drawing over the rows from just before the bar to just behind it, where they have come to rest.
    before = bar.bounding_box()
    assert before is not None
    y = before["y"] + 5
    page.mouse.move(before["x"] - 10, y)
    page.mouse.down()
    page.mouse.move(before["x"] + before["width"] + 10, y, steps=4)
    page.mouse.up()
    expect(whole).to_be_visible()
    drawn = bar.bounding_box()
    assert drawn is not None
    assert drawn["width"] > before["width"] * 3
    expect(_row(page, "call 15")).to_have_attribute("aria-selected", "true")

    box = minimap.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    expect(whole).to_have_count(0)
    page.keyboard.press("+")
    expect(whole).to_be_visible()
    whole.click()
    expect(whole).to_have_count(0)

    critical = page.get_by_role("button", name="Critical path")
    critical.click()
    page.reload()
    expect(critical).to_have_attribute("aria-pressed", "true")


def test_a_large_payload_is_loaded_by_ranges_searched_and_shown_raw(
    server: BackgroundServer, page: Page
) -> None:
    words = "The parcel left the warehouse on Tuesday and nobody has seen it since. " * 14
    messages = [{"role": "user", "content": [{"text": f"{n}: {words}"}]} for n in range(9000)]
    body = json.dumps({"messages": messages}).encode()
    call: dict[str, Any] = {
        "gen_ai.request.model": MODEL,
        "outcrop.aws.operation": "Converse",
        "outcrop.request.body": body,
        "outcrop.response.body": b'{"output": {}, "stopReason": "end_turn"}',
    }
    _send(server.url, iter([_span(1, 0, "chat", "CHAT_MODEL", 0, 900, **call)]))
    ranges: list[str] = []
    page.context.on("request", lambda request: ranges.append(request.headers.get("range", "")))
    page.goto(_address(server, "?tab=chat"))
    page.get_by_role("button", name="See all of it in Inputs / Outputs").click()
    page.get_by_role("button", name=re.compile("^Load all of it")).click()
    expect(page.get_by_text("All of it, as captured")).to_be_visible()
    assert len([each for each in ranges if each.startswith("bytes=")]) == -(-len(body) // 4_000_000)

    field = page.get_by_label("Find inside: Inputs")
    field.fill("8765: the")
    field.press("Enter")
    hit = page.get_by_role("tabpanel").locator("mark")
    expect(hit).to_have_text("8765: The")
    expect(hit).to_be_in_viewport()
    page.get_by_role("region", name="Inputs").get_by_role("button", name="Raw").click()
    field.press("Enter")
    expect(page.get_by_role("tabpanel").locator("mark")).to_have_text("8765: The")

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Request body").click()
    download = downloading.value
    assert download.suggested_filename == f"{_id(1)}-request-body.json"
    assert download.path().read_bytes() == body


def test_a_stream_is_played_and_its_chunks_merged(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    reply = Reply("One two three four five six.", chunk_size=4, usage=Usage(5, 30))
    bedrock_emulator.script(MODEL, reply)
    question = {"role": "user", "content": [{"text": "Count, please."}]}
    for _ in client.converse_stream(modelId=MODEL, messages=[question])["stream"]:
        pass
    outcrop.flush()
    page.goto(tracing)
    page.get_by_text("Count, please.").first.click()
    page.get_by_role("tab", name="Events").click()
    text = page.get_by_role("region", name="Merged text")
    expect(text).to_have_text("One two three four five six.")
    place = page.get_by_role("slider", name="Moment shown")
    place.fill("0")
    expect(text).to_have_text("Nothing had come yet.")
    page.get_by_role("combobox", name="Speed").select_option("10")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(text).to_have_text("One two three four five six.")
    page.get_by_role("radio", name="Merged by block").click()
    runs = page.get_by_role("table", name="Merged by block").get_by_role("row")
    expect(runs.filter(has_text="One two three four five six.")).to_have_count(1)


def test_the_view_of_a_trace_speaks_japanese(server: BackgroundServer, browser: Browser) -> None:
    spans = [_span(1, 0, "run", "AGENT", 0, 100), _span(2, 1, "look_up", "TOOL", 10, 20, error="LookupError")]
    _send(server.url, iter(spans))
    context = browser.new_context(locale="ja-JP")
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(_address(server, "?tab=io"))
    expect(page.get_by_label("スパンを検索")).to_be_visible()
    page.get_by_role("button", name="クリティカルパス").click()
    expect(page.get_by_role("heading", name="元データをダウンロード")).to_be_visible()
    page.get_by_role("button", name="エージェントの全体像").click()
    expect(page.get_by_role("button", name=re.compile("^look_up 1 回"))).to_be_visible()
    context.close()
    assert errors == []


def test_fingers_zoom_the_waterfall_and_move_it_in_time(server: BackgroundServer, browser: Browser) -> None:
    spans = [_span(1, 0, "run", "AGENT", 0, 3000)]
    spans += [_span(number, 1, f"call {number}", "TOOL", number * 100, 90) for number in range(2, 30)]
    _send(server.url, iter(spans))
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, locale="en-US")
    page = context.new_page()
    page.goto(_address(server, f"?span={_id(15)}"))
    bar = _row(page, "call 15").locator("[data-tip*='Since start']")
    box = bar.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    touch: Any = context.new_cdp_session(page)

    def fingers(kind: str, *places: float) -> None:
        points = [{"x": place, "y": y, "id": number} for number, place in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", x - 20, x + 20)
    for apart in range(24, 64, 4):
        fingers("touchMove", x - apart, x + apart)
    fingers("touchEnd")
    expect(page.get_by_role("button", name="Show the whole time")).to_be_visible()
    near = bar.bounding_box()
    assert near is not None
    assert near["width"] > 2 * box["width"]
    assert near["x"] == pytest.approx(x, abs=6)
    assert page.evaluate("visualViewport.scale") == 1

    fingers("touchStart", x)
    for moved in range(4, 60, 4):
        fingers("touchMove", x - moved)
    fingers("touchEnd")
    far = bar.bounding_box()
    assert far is not None
    assert far["x"] < near["x"] - 25
    # A finger that moved has chosen nothing.
    expect(_row(page, "call 15")).to_have_attribute("aria-selected", "true")
    context.close()
