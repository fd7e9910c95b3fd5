"""Traces and spans side by side, over a real server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reply, Usage

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"


def _ask(emulator: BedrockEmulator, client: Any, question: str, answer: str, temperature: float) -> None:
    @outcrop.trace(span_type=SpanType.AGENT)
    def agent(words: str) -> str:
        emulator.script(SONNET, Reply(answer, usage=Usage(40, 10)))
        message = {"role": "user", "content": [{"text": words}]}
        client.converse(modelId=SONNET, messages=[message], inferenceConfig={"temperature": temperature})
        return answer

    agent(question)


@pytest.fixture
def two_answers(bedrock_emulator: BedrockEmulator, client: Any, tracing: str) -> str:
    _ask(bedrock_emulator, client, "返金は金曜日に届くか教えて", "Yes, on <b>Friday</b> at noon.", 0.1)
    _ask(bedrock_emulator, client, "返金は月曜日に届くか教えて", "Yes, on <b>Monday</b> at noon.", 0.7)
    outcrop.flush()
    return tracing


def test_two_chosen_traces_are_compared_word_by_word(two_answers: str, page: Page) -> None:
    page.goto(f"{two_answers}/traces")
    boxes = page.get_by_role("checkbox", name="Choose agent")
    expect(boxes).to_have_count(2)
    for place in range(2):
        boxes.nth(place).check()
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/compare\?items=[0-9a-f]{32}%2C[0-9a-f]{32}"))
    table = page.get_by_role("table", name="Compare")
    expect(table.get_by_role("row", name=re.compile("temperature"))).to_contain_text("0.7")
    prompt = page.get_by_role("region", name="Prompt")
    expect(prompt.locator("del")).to_have_text("月曜日")
    expect(prompt.locator("ins")).to_have_text("金曜日")
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator("del")).to_have_text("Monday")
    # What a model wrote stays text.
    expect(answer.get_by_text("<b>").first).to_be_visible()
    places = page.get_by_role("list", name="Spans").get_by_role("button")
    expect(places).to_have_count(2)
    places.first.click()
    expect(page.get_by_role("region", name="Inputs")).to_be_visible()
    address = page.url
    page.goto(address)
    expect(page.get_by_role("region", name="Inputs")).to_be_visible()


def test_a_trace_is_compared_with_one_of_the_same_name(two_answers: str, page: Page) -> None:
    page.goto(f"{two_answers}/traces")
    page.get_by_text("返金は金曜日に届くか教えて").click()
    page.get_by_role("button", name="Compare this trace with another").click()
    page.get_by_role("button", name="Of the same name").click()
    page.get_by_role("menuitem").first.click()
    expect(page.get_by_role("region", name="Answer").locator("ins")).to_have_text("Monday")
