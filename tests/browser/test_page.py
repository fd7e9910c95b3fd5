"""The page in a real browser, over a real server, with traces of real boto3 calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from playwright.sync_api import Browser, Page, expect

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import (
    BedrockEmulator,
    Reasoning,
    Reply,
    StreamFailure,
    ToolUse,
    Usage,
    ValidationError,
)
from outcrop_server.serve import BackgroundServer

pytestmark = pytest.mark.browser

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
TOOLS: dict[str, Any] = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "Weather of a city.",
                "inputSchema": {"json": {"type": "object"}},
            }
        }
    ]
}


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def _run_agent(emulator: BedrockEmulator, client: Any) -> None:
    emulator.script(
        MODEL,
        Reply(
            Reasoning("They want the weather."), ToolUse("get_weather", {"city": "Oslo"}), usage=Usage(30, 10)
        ),
        Reply("It is **sunny** in Oslo.", usage=Usage(60, 12)),
    )

    @outcrop.trace(span_type=SpanType.TOOL)
    def get_weather(city: str) -> str:
        return f"sunny, 21 degrees in {city}"

    @outcrop.trace(span_type=SpanType.AGENT)
    def weather_agent(question: str) -> str:
        messages = [_user(question)]
        system = [{"text": "You are a careful weather assistant."}]
        first = client.converse(modelId=MODEL, system=system, messages=messages, toolConfig=TOOLS)
        messages.append(first["output"]["message"])
        use = first["output"]["message"]["content"][-1]["toolUse"]
        result = {"toolUseId": use["toolUseId"], "content": [{"text": get_weather(**use["input"])}]}
        messages.append({"role": "user", "content": [{"toolResult": result}]})
        second = client.converse(
            modelId=MODEL,
            system=system,
            messages=messages,
            toolConfig=TOOLS,
            inferenceConfig={"temperature": 0.25},
        )
        return str(second["output"]["message"]["content"][0]["text"])

    weather_agent("What is the weather in Oslo?")


def _open_newest(page: Page, url: str, words: str) -> None:
    outcrop.flush()
    page.goto(url)
    page.get_by_text(words).first.click()
    expect(page.get_by_role("tab", name="Chat")).to_be_visible()


def _tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def test_the_whole_way_of_an_agent_from_the_list_to_each_tab(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    outcrop.set_experiment("/Shared/browser")
    _run_agent(bedrock_emulator, client)
    outcrop.flush()
    page.goto(tracing)

    row = page.get_by_role("row").filter(has_text="weather_agent")
    expect(row).to_contain_text("What is the weather in Oslo?")
    expect(row).to_contain_text("It is sunny in Oslo.")
    expect(row).to_contain_text("get_weather")
    expect(row).to_contain_text("90 → 22")
    row.click()

    expect(page.get_by_role("heading", name="weather_agent")).to_be_visible()
    items = page.get_by_role("treeitem")
    expect(items).to_have_count(4)
    # What opens is the root's last model call, with the tool call beside its result.
    expect(items.nth(3)).to_have_attribute("aria-selected", "true")
    chat = page.get_by_role("tabpanel")
    expect(chat).to_contain_text("You are a careful weather assistant.")
    expect(chat).to_contain_text("What is the weather in Oslo?")
    expect(chat.locator("strong", has_text="sunny")).to_be_visible()
    expect(chat).to_contain_text("sunny, 21 degrees in Oslo")
    chat.get_by_role("button", name="Open span").click()
    expect(items.nth(2)).to_have_attribute("aria-selected", "true")

    items.nth(1).click()
    _tab(page, "Chat")
    expect(page.get_by_role("tabpanel")).to_contain_text("They want the weather.")
    _tab(page, "Inputs / Outputs")
    expect(page.get_by_role("tabpanel")).to_contain_text("toolConfig")
    expect(page.get_by_role("tabpanel")).to_contain_text("stopReason")
    _tab(page, "Events")
    expect(page.get_by_role("tabpanel")).to_contain_text("200")
    _tab(page, "Attributes")
    expect(page.get_by_role("tabpanel")).to_contain_text("gen_ai.request.model")


def test_a_streams_chunks_are_in_events_and_its_words_in_chat(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    bedrock_emulator.script(MODEL, Reply("One two three four five six.", chunk_size=4))
    for _ in client.converse_stream(modelId=MODEL, messages=[_user("Count, please.")])["stream"]:
        pass
    _open_newest(page, tracing, "Count, please.")
    expect(page.get_by_role("tabpanel")).to_contain_text("One two three four five six.")
    _tab(page, "Events")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("contentBlockDelta")
    expect(panel).to_contain_text("messageStart")
    expect(panel).to_contain_text("One two three four five six.")


def test_an_error_is_red_in_the_list_and_says_what_happened(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    bedrock_emulator.script(MODEL, ValidationError("The prompt is too long."))
    with pytest.raises(ClientError):
        client.converse(modelId=MODEL, messages=[_user("A long one.")])
    outcrop.flush()
    page.goto(tracing)
    expect(page.get_by_role("row").filter(has_text="A long one.")).to_contain_text("ValidationException")
    page.get_by_text("A long one.").first.click()
    chat = page.get_by_role("tabpanel")
    expect(chat).to_contain_text("ValidationException")
    expect(chat).to_contain_text("The prompt is too long.")
    _tab(page, "Events")
    expect(page.get_by_role("tabpanel")).to_contain_text("400")


def test_a_stream_that_broke_shows_both_the_words_and_the_error(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    failure = StreamFailure("modelStreamErrorException", "The model broke.", after_events=4)
    bedrock_emulator.script(MODEL, Reply("Partial words here.", chunk_size=6, failure=failure))
    stream = client.converse_stream(modelId=MODEL, messages=[_user("Go on.")])["stream"]
    with pytest.raises(EventStreamError):
        list(stream)
    _open_newest(page, tracing, "Go on.")
    chat = page.get_by_role("tabpanel")
    expect(chat).to_contain_text("Partial words")
    expect(chat).to_contain_text("The model broke.")


def test_every_state_is_in_the_address(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page, browser: Browser
) -> None:
    outcrop.set_experiment("/Shared/address")
    _run_agent(bedrock_emulator, client)
    _open_newest(page, tracing, "What is the weather in Oslo?")
    page.get_by_role("treeitem").nth(2).click()
    _tab(page, "Attributes")
    expect(page).to_have_url(re.compile("attributes", re.IGNORECASE))
    other = browser.new_context(locale="en-US")
    again = other.new_page()
    again.goto(page.url)
    expect(again.get_by_role("treeitem").nth(2)).to_have_attribute("aria-selected", "true")
    expect(again.get_by_role("tab", name="Attributes")).to_have_attribute("aria-selected", "true")
    other.close()


def test_the_keyboard_opens_a_trace(client: Any, tracing: str, page: Page) -> None:
    client.converse(modelId=MODEL, messages=[_user("First question.")])
    client.converse(modelId=MODEL, messages=[_user("Second question.")])
    outcrop.flush()
    page.goto(tracing)
    expect(page.get_by_text("First question.").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel")).to_contain_text("First question.")


def test_new_traces_wait_until_they_are_asked_for(client: Any, tracing: str, page: Page) -> None:
    client.converse(modelId=MODEL, messages=[_user("Old question.")])
    outcrop.flush()
    page.goto(tracing)
    expect(page.get_by_text("Old question.").first).to_be_visible()
    client.converse(modelId=MODEL, messages=[_user("New question.")])
    outcrop.flush()
    button = page.get_by_role("button", name=re.compile(r"1 new"))
    expect(button).to_be_visible()
    expect(page.get_by_text("New question.")).to_have_count(0)
    button.click()
    expect(page.get_by_text("New question.").first).to_be_visible()


def test_an_empty_store_says_how_to_begin_and_shows_the_first_trace_by_itself(
    client: Any, tracing: str, page: Page
) -> None:
    page.goto(tracing)
    expect(page.get_by_text("outcrop.bedrock.autolog()")).to_be_visible()
    expect(page.get_by_text(f'outcrop.set_tracking_uri("{tracing}")')).to_be_visible()
    client.converse(modelId=MODEL, messages=[_user("The very first.")])
    outcrop.flush()
    expect(page.get_by_text("The very first.").first).to_be_visible()


def test_the_page_speaks_japanese(client: Any, tracing: str, browser: Browser) -> None:
    client.converse(modelId=MODEL, messages=[_user("こんにちは")])
    outcrop.flush()
    context = browser.new_context(locale="ja-JP")
    page = context.new_page()
    page.goto(tracing)
    expect(page.get_by_text("こんにちは").first).to_be_visible()
    expect(page.get_by_role("link", name="トレース", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    context.close()


def test_a_server_that_is_gone_is_said_in_place(
    server: BackgroundServer, page: Page, block: Callable[[str], None]
) -> None:
    page.goto(server.url)
    block("*/api/*")
    page.reload()
    expect(
        page.get_by_role("button", name=re.compile("retry|try again", re.IGNORECASE)).first
    ).to_be_visible()


def test_feedback_is_given_changed_and_taken_back(client: Any, tracing: str, page: Page) -> None:
    client.converse(modelId=MODEL, messages=[_user("Is this good?")])
    _open_newest(page, tracing, "Is this good?")
    _tab(page, "Feedback")
    form = page.get_by_role("form", name="Add feedback")
    form.get_by_label("Name").fill("helpful")
    form.get_by_role("radio", name="Yes").click()
    form.get_by_label("Comment").fill("To the point.")
    form.get_by_role("button", name="Save").click()
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_role("listitem")).to_contain_text("To the point.")
    (found,) = outcrop.search_traces(filter_string="feedback.helpful = true")

    panel.get_by_role("button", name="Edit").click()
    edited = page.get_by_role("form", name="Edit")
    edited.get_by_role("radio", name="No").click()
    edited.get_by_role("button", name="Save").click()
    # The form says "No" itself, so it is its going that tells of the answer.
    expect(edited).to_have_count(0)
    expect(panel.get_by_role("listitem")).to_contain_text("No")
    assert [
        trace.info.trace_id for trace in outcrop.search_traces(filter_string="feedback.helpful = false")
    ] == [found.info.trace_id]
    page.reload()
    panel.get_by_role("button", name="Delete").click()
    panel.get_by_role("button", name="Really delete").click()
    expect(panel).to_contain_text("Nobody has judged this yet.")
